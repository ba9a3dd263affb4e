import { serverKindOf } from '../../environments/environment.ts'
import type { EvaluationContext } from '../../evaluation-context.ts'
import type { Evaluation } from '../../fact-query.ts'
import { parseModelUri } from '../../names/model-uri.ts'
import { readableLoggedModel } from '../runs/owned-ids.ts'

/**
 * Where the files lie of a logged model that a version is made from: the registry of a Databricks workspace takes no `models:/m-…`, and
 * MLflow's own client sends the location in its place (mlflow/tracking/client.py). Null: the source goes as it is.
 */
export function* workspaceSource(context: EvaluationContext, source: string): Evaluation<string | null> {
  const parsed = serverKindOf(context.config) === 'databricks' ? parseModelUri(source) : null
  if (parsed?.kind !== 'logged') return null
  // Asked before, by the check of the source: it is readable.
  const { model } = yield* readableLoggedModel(context, parsed.modelId)
  return model.artifactUri || null
}
