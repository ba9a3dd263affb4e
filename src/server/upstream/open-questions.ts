import type { UpstreamKind } from '../../policy/environments/environment.ts'

/** Databricks' endpoint for the identity of the caller (SCIM). */
export const mePath = '/api/2.0/preview/scim/v2/Me'

interface OpenQuestion {
  readonly path: string
  readonly query: Readonly<Record<string, string>>
}

/** A request that every upstream answers to every authenticated caller. */
export const openQuestions: Readonly<Record<UpstreamKind, OpenQuestion>> = {
  mlflow: { path: '/api/2.0/mlflow/experiments/get', query: { experiment_id: '0' } },
  databricks: { path: mePath, query: {} },
}
