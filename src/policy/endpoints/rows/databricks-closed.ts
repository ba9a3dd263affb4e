import type { ClosedFamily } from './closed.ts'

/** A job's command is any code: no reference in it can be judged, and with its submitter's rights it asks the workspace past the proxy. */
export const noProjects =
  'Jobs are not submitted through this proxy: a job runs any code with the rights of whoever submits it. For an MLflow Project on Databricks let DATABRICKS_HOST be the workspace itself and MLFLOW_TRACKING_URI the http address of this proxy (docs/databricks-compute.md), or run the project with the local backend.'

/** Why routes of a Databricks workspace are closed; looked at before `closedFamilies`. The first pattern that a route's path matches counts. */
export const databricksClosedFamilies: readonly ClosedFamily[] = [
  { paths: /^\/mlflow\/registered-models\/alias$/, closed: 'The model registry of a Databricks workspace has no aliases: use stages.', hidden: true },
  { paths: /^\/mlflow-artifacts\/(artifacts|mpu\/)/, closed: 'A Databricks workspace gives signed URLs instead: ask for credentials.', hidden: true },
  { paths: /^\/(version|graphql|v1\/traces|get-artifact|mlflow\/get-trace-artifact|mlflow\/traces\/(link-prompts|metrics|calculate-filter-correlation)|model-versions\/get-artifact|mlflow\/(server-info|metrics\/get-history-bulk|upload-artifact|runs\/create-promptlab-run|experiments\/search-datasets|logged-models\/\{model_id\}\/artifacts\/files))$/, closed: 'A Databricks workspace does not have it.', hidden: true },
  { paths: /^\/mlflow\/(datasets|scorers|issues|label-schemas|review-queues)(\/|$)/, closed: 'GenAI resources of a Databricks workspace are not served by this version of the proxy.' },
  { paths: /^\/mlflow\/comments\/(update|delete)$/, closed: "A comment's id does not say whose model it is about. Write another comment instead." },
  { paths: /^\/workspace\//, closed: 'Folders of the workspace hold every environment: use the endpoints of experiments.' },
  { paths: /^\/permissions\//, closed: 'Permissions of workspace objects are given in the workspace, not through this proxy.' },
  { paths: /^\/scim\/v2\/Me$/, closed: 'The proxy answers it itself: who the caller is.', local: true },
  { paths: /^\/(permissionmigration|accounts\/|access-control\/|scim\/)/, closed: "Users, groups and rights of the workspace are its administrators'." },
  // With get-status `mlflow run` begins.
  { paths: /^\/(jobs\/runs\/(submit|get|cancel)|dbfs\/get-status|dbfs\/\{file_path\})$/, closed: noProjects },
  { paths: /^\/(dbfs|fs)\//, closed: 'Files of the workspace hold every environment: use the artifacts of a run.' },
  { paths: /^\/mlflow\/(artifacts\/|traces\/\{request_id\}\/credentials|logged-models\/\{model_id\}\/artifacts\/credentials|model-versions\/(list-artifacts|get-signed-download-uri)$)/, closed: 'Credentials for storage would go around the proxy: clients in Databricks mode get them at the address of databricksHost (DATABRICKS_HOST), and others stream artifacts through the proxy.' },
  { paths: /^\/(mlflow\/)?unity-catalog\//, closed: 'Models are registered in the workspace itself, says the configuration of the proxy, and not in Unity Catalog, which MLflow 3 asks by default. Call mlflow.set_registry_uri("databricks"), or set MLFLOW_REGISTRY_URI=databricks.' },
  {
    // Hidden: clients then ask for traces of experiments, and take it for no login that failed, as they do 403.
    paths: /^\/(mlflow\/(traces\/(\{location(_id)?\}\/|search-long-running$|search\/operations\/|location$|\{experiment_id\}\/(un)?link-location$)|tracing\/|unified-traces$|get-online-trace-details|experiments\/\{experiment_id\}\/trace-location)|tracing\/|otel\/)/,
    closed: 'Traces in tables of Unity Catalog, and inference tables, are not served: a table holds every environment. Trace to an experiment, without a trace location in Unity Catalog.',
    hidden: true,
  },
  { paths: /^\/mlflow\/\{(name|parent)\}/, closed: 'GenAI resources are not served by this version of the proxy.', hidden: true },
  { paths: /^\/serving-endpoints\/\{name\}\/telemetry-config$/, closed: 'Tables of Unity Catalog hold every environment: telemetry is set up in the workspace.' },
  { paths: /^\/external-function$/, closed: 'It calls any address with connections of the whole workspace. Call the service directly.' },
  { paths: /^\/(secrets|repos|git-credentials|automl|feature-engineering|feature-store)(\/|$)/, closed: 'It belongs to the whole workspace.' },
]
