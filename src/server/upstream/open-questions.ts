import type { UpstreamKind } from '../../policy/environments/environment.ts'

/** Where a Databricks workspace says who asks (SCIM). */
export const mePath = '/api/2.0/preview/scim/v2/Me'

interface OpenQuestion {
  readonly path: string
  readonly query: Readonly<Record<string, string>>
}

/** A question that every upstream answers to everybody whom it lets in. */
export const openQuestions: Readonly<Record<UpstreamKind, OpenQuestion>> = {
  mlflow: { path: '/api/2.0/mlflow/experiments/get', query: { experiment_id: '0' } },
  databricks: { path: mePath, query: {} },
}
