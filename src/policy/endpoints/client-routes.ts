import type { Route } from './route.ts'

const prefixes = { '/api/2.0': 'databricks' } as const
const web = { '': 'databricks' } as const

/** Routes of a Databricks workspace that MLflow's clients know, and neither the SDK nor a protobuf describes. */
export const clientRoutes: readonly Route[] = [
  { method: 'GET', path: '/mlflow/model-versions/list-artifacts', prefixes },
  { method: 'GET', path: '/mlflow/model-versions/get-signed-download-uri', prefixes },
  // Of OpenAI's client, whose base URL is the workspace's `/serving-endpoints`, and of Anthropic's, whose is `/serving-endpoints/anthropic`.
  ...['chat/completions', 'completions', 'embeddings', 'responses', 'anthropic/v1/messages'].map((path) => ({
    method: 'POST',
    path: `/serving-endpoints/${path}`,
    prefixes: web,
  })),
  // Of `mlflow run -b databricks` (mlflow/projects/databricks.py).
  { method: 'POST', path: '/jobs/runs/submit', prefixes },
  { method: 'GET', path: '/jobs/runs/get', prefixes },
  { method: 'POST', path: '/jobs/runs/cancel', prefixes },
  // Of spans that go to a table of Unity Catalog (mlflow/store/tracking/databricks_rest_store.py).
  { method: 'POST', path: '/otel/v1/traces', prefixes },
  // Files of DBFS, from before it had an API (mlflow/store/artifact/dbfs_artifact_repo.py).
  { method: 'GET', path: '/dbfs/{file_path}', prefixes: web, multiSegment: ['file_path'] },
  { method: 'POST', path: '/dbfs/{file_path}', prefixes: web, multiSegment: ['file_path'] },
]
