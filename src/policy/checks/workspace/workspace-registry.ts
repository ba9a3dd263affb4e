import { serverKindOf } from '../../environments/environment.ts'
import type { EvaluationContext } from '../../evaluation-context.ts'
import { textMeaning, textsOf } from '../../messages/message-fields.ts'
import { findsWord } from '../../names/look-alikes.ts'
import { Refusal } from '../../reasons.ts'
import { promptTag } from '../request/tags.ts'
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
 * Static part: the registry of a Databricks workspace has no prompts. MLflow's client refuses them if it knows the kind of server;
 * from an http client the registry would accept them, although they do not work there.
 */
export function checkWorkspacePrompts(context: EvaluationContext): void {
  const { endpoint, message, config } = context
  if (serverKindOf(config) !== 'databricks') return
  const source = textMeaning(endpoint, message, 'versionSource')
  const isPrompt = source !== null && promptSources.has(source)
  if (!isPrompt && !tagKeys(context).some((key) => findsPromptTag(key) !== null)) return
  throw new Refusal(
    'invalid-parameter',
    'The model registry of a Databricks workspace has no prompts: Databricks keeps them in Unity Catalog. Register the prompt there, or log its text as an artifact of a run.',
  )
}
