import { serverKindOf } from '../../environments/environment.ts'
import type { EvaluationContext } from '../../evaluation-context.ts'
import type { Evaluation } from '../../fact-query.ts'
import { textMeaning, textsOf } from '../../messages/message-fields.ts'
import { findsWord } from '../../names/look-alikes.ts'
import { parseModelUri } from '../../names/model-uri.ts'
import { Refusal } from '../../reasons.ts'
import { promptTag } from '../request/tags.ts'
import { readableLoggedModel } from '../runs/owned-ids.ts'
import { tagPairs } from '../traces/trace-tags.ts'
import { promptSources } from '../versions/sources.ts'

const findsPromptTag = findsWord([promptTag])

/** Keys of the tags that the request sets on a model or a version. */
function tagKeys({ endpoint, message }: EvaluationContext): readonly string[] {
  const listed = tagPairs(message.get('tags') ?? null).map(([key]) => key)
  const alone = endpoint.path.endsWith('/set-tag') ? textsOf(message.get('key') ?? null) : []
  return [...listed, ...alone]
}

/**
 * Static part: there are no prompts in the registry of a Databricks workspace. MLflow's client says so itself where it knows what it talks to;
 * from an http client the registry would take what it can make nothing of.
 */
export function checkWorkspacePrompts(context: EvaluationContext): void {
  const { endpoint, message, config } = context
  const inRegistry = endpoint.resource === 'registeredModel' || endpoint.resource === 'modelVersion'
  if (serverKindOf(config) !== 'databricks' || !inRegistry || endpoint.action === 'search') return
  const source = textMeaning(endpoint, message, 'versionSource')
  const isPrompt = source !== null && promptSources.has(source)
  if (!isPrompt && !tagKeys(context).some((key) => findsPromptTag(key) !== null)) return
  throw new Refusal(
    'invalid-parameter',
    'The model registry of a Databricks workspace has no prompts: Databricks keeps them in Unity Catalog. Register the prompt there, or keep its text as an artifact of a run.',
  )
}

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
