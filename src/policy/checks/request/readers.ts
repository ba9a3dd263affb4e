import type { OpenEndpoint } from '../../endpoints/endpoint.ts'
import { type EvaluationContext, reads } from '../../evaluation-context.ts'
import { Refusal } from '../../reasons.ts'

/** Whether a request does more than read and search: to ask a model costs money, and may change what is behind it. */
export function isBeyondReading(endpoint: OpenEndpoint): boolean {
  return !reads(endpoint) || endpoint.bytes === 'both'
}

/** Checks that callers who may only read ask for nothing else, before everything else. */
export function checkReader({ environment, reader }: EvaluationContext): void {
  if (!reader) return
  const { name, groups } = environment
  throw new Refusal(
    'read-only',
    `You may only read and search in environment '${name}'. To do more, ask to be added to ${groups.join(' or ')}.`,
  )
}
