import type { ClosedFamily } from './closed.ts'

/** A job runs any code: the proxy cannot check its references, and it calls the workspace directly with its submitter's rights. */
export const noProjects =
  'Jobs cannot be submitted through this proxy: a job runs any code with the rights of whoever submits it. For an MLflow Project on Databricks set DATABRICKS_HOST to the workspace itself and MLFLOW_TRACKING_URI to the http address of this proxy (docs/databricks-compute.md), or run the project with the local backend.'

/** Why routes of a Databricks workspace are closed; checked before `closedFamilies`. The first pattern that a route's path matches counts. */
export const databricksClosedFamilies: readonly ClosedFamily[] = [
  { paths: /^\/mlflow\/registered-models\/alias$/, closed: 'The model registry of a Databricks workspace has no aliases: use stages.', hidden: true },
  { paths: /^\/mlflow-artifacts\/(artifacts|mpu\/)/, closed: 'A Databricks workspace issues signed URLs instead: ask for credentials.', hidden: true },
  { paths: /^\/(version|graphql|v1\/traces|get-artifact|mlflow\/get-trace-artifact|mlflow\/traces\/(link-prompts|metrics|calculate-filter-correlation)|model-versions\/get-artifact|mlflow\/(server-info|metrics\/get-history-bulk|upload-artifact|runs\/create-promptlab-run|experiments\/search-datasets|logged-models\/\{model_id\}\/artifacts\/files))$/, closed: 'A Databricks workspace does not have it.', hidden: true },
  { paths: /^\/mlflow\/(datasets|scorers|issues|label-schemas|review-queues)(\/|$)/, closed: 'GenAI resources of a Databricks workspace are not served by this version of the proxy.' },
  { paths: /^\/mlflow\/comments\/(update|delete)$/, closed: "A comment's id does not show which model it belongs to. Write another comment instead." },
  { paths: /^\/workspace\//, closed: 'Folders of the workspace are shared by all environments: use the experiment endpoints.' },
  { paths: /^\/permissions\//, closed: 'Set permissions of workspace objects in the workspace, not through this proxy.' },
  { paths: /^\/scim\/v2\/Me$/, closed: 'The proxy answers it itself with the caller.', local: true },
  { paths: /^\/(permissionmigration|accounts\/|access-control\/|scim\/)/, closed: "Only administrators of the workspace manage its users, groups and rights." },
  // `mlflow run` begins with get-status.
  { paths: /^\/(jobs\/runs\/(submit|get|cancel)|dbfs\/get-status|dbfs\/\{file_path\})$/, closed: noProjects },
  { paths: /^\/(dbfs|fs)\//, closed: 'Files of the workspace are shared by all environments: use the artifacts of a run.' },
  { paths: /^\/mlflow\/(artifacts\/|traces\/\{request_id\}\/credentials|logged-models\/\{model_id\}\/artifacts\/credentials|model-versions\/(list-artifacts|get-signed-download-uri)$)/, closed: 'Storage credentials would bypass the proxy: clients in Databricks mode get them at the address of databricksHost (DATABRICKS_HOST), and others stream artifacts through the proxy.' },
  { paths: /^\/(mlflow\/)?unity-catalog\//, closed: 'The proxy is configured for the registry of the workspace itself, not for Unity Catalog, which MLflow 3 uses by default. Call mlflow.set_registry_uri("databricks"), or set MLFLOW_REGISTRY_URI=databricks.' },
  {
    // Hidden: on 404 clients ask for traces of experiments; they would take a 403 for a failed login.
    paths: /^\/(mlflow\/(traces\/(\{location(_id)?\}\/|search-long-running$|search\/operations\/|location$|\{experiment_id\}\/(un)?link-location$)|tracing\/|unified-traces$|get-online-trace-details|experiments\/\{experiment_id\}\/trace-location)|tracing\/|otel\/)/,
    closed: 'Traces in Unity Catalog tables, and inference tables, are not served: a table mixes all environments. Trace to an experiment, without a trace location in Unity Catalog.',
    hidden: true,
  },
  { paths: /^\/mlflow\/\{(name|parent)\}/, closed: 'GenAI resources are not served by this version of the proxy.', hidden: true },
  { paths: /^\/serving-endpoints\/\{name\}\/telemetry-config$/, closed: 'Unity Catalog tables mix all environments: set up telemetry in the workspace.' },
  { paths: /^\/external-function$/, closed: 'It calls any address, using connections of the whole workspace. Call the service directly.' },
  { paths: /^\/(secrets|repos|git-credentials|automl|feature-engineering|feature-store)(\/|$)/, closed: 'It belongs to the whole workspace.' },
]
