import type { EvaluationContext } from '../../evaluation-context.ts'
import { type Clause, parseFilter } from '../../filter/filter-string.ts'
import { placesMeaning } from '../../messages/message-fields.ts'
import { Refusal } from '../../reasons.ts'
import { linkedPromptsTag } from './trace-tags.ts'

/** Whether a clause looks for traces of a prompt: MLflow reads the key `prompt` so behind every prefix but `span`. */
export function isPromptClause({ entity, key }: Clause): boolean {
  const name = key.trim()
  if (entity !== null && /^tags?$/.test(entity) && name === linkedPromptsTag) return true
  return entity !== 'span' && name.toLowerCase() === 'prompt'
}

/** A prompt and its version as a filter says them, in MLflow's one form. */
export function promptOf({ comparator, value }: Clause): { name: string; version: string } {
  if (comparator !== '=' || value.kind !== 'string') {
    throw new Refusal(
      'invalid-parameter',
      `Invalid comparator '${comparator}' for prompts filter. Only '=' is supported with format: prompt = "name/version"`,
    )
  }
  const [name = '', version = '', ...rest] = value.text.split('/')
  if (name !== '' && version !== '' && rest.length === 0) return { name, version }
  throw new Refusal('invalid-parameter', `Invalid prompts filter value '${value.text}'. Expected format: prompt = "name/version"`)
}

/** Static part: filters of traces can be read, and so can the prompts in them. */
export function checkTraceFilters({ endpoint, message }: EvaluationContext): void {
  for (const { value } of placesMeaning(endpoint, message, 'traceFilter')) {
    if (typeof value !== 'string') continue
    for (const clause of parseFilter(value)) if (isPromptClause(clause)) promptOf(clause)
  }
}
