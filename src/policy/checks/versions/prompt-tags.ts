import { type EvaluationContext, resolveAllowed } from '../../evaluation-context.ts'
import { placesMeaning, textMeaning } from '../../messages/message-fields.ts'
import { isLinkedPrompts, linkedPromptNames, tagPairs } from '../traces/trace-tags.ts'

/** Static part: the prompts that tags of runs and logged models list are the caller's to read. */
export function checkPromptTags(context: EvaluationContext): void {
  const { endpoint, message } = context
  const lists = placesMeaning(endpoint, message, 'runTags', 'versionTags', 'loggedModelTags').flatMap(({ value }) =>
    tagPairs(value),
  )
  const key = textMeaning(endpoint, message, 'tagKey')
  const pairs = key === null ? lists : [...lists, [key, textMeaning(endpoint, message, 'runTag') ?? ''] as const]
  const named = pairs.flatMap(([tag, value]) => (isLinkedPrompts(tag) ? linkedPromptNames(context, value) : []))
  for (const name of new Set(named)) resolveAllowed(context, 'model', name, 'read')
}
