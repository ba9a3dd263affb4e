import type { ClosedFamily } from './closed.ts'

const instead = 'Unity Catalog has no stages: set an alias with set_registered_model_alias, and load models:/<name>@<alias>.'

/** Why routes of a workspace are closed if models are registered in Unity Catalog; checked before those of every workspace. */
export const catalogClosedFamilies: readonly ClosedFamily[] = [
  { paths: /^\/mlflow\/((databricks\/)?model-versions\/transition-stage|transition-requests\/[a-z]+|registered-models\/get-latest-versions)$/, closed: instead },
  { paths: /^\/mlflow\/unity-catalog\/prompts/, closed: 'Prompts in Unity Catalog are not served by this version of the proxy.' },
  {
    paths: /^\/unity-catalog\/(securable|subentity)-tags\//,
    closed: 'These tags can be set on anything in Unity Catalog. Set tags of models and versions with MLFLOW_ENABLE_UC_NATIVE_MODEL_REGISTRY unset.',
  },
  { paths: /^\/unity-catalog\//, closed: 'This proxy serves only the registered models of Unity Catalog, their versions and aliases.' },
  { paths: /^\/mlflow\/(databricks\/registered-models\/get|comments\/[a-z]+|registry-webhooks\/[a-z]+)$/, closed: "It belongs to the workspace's own model registry, but models are registered in Unity Catalog." },
]
