import type { EvaluationContext } from '../../evaluation-context.ts'
import { placesMeaning } from '../../messages/message-fields.ts'
import { Refusal } from '../../reasons.ts'

/** Fields that no client of an open-source server sends, and that could contain foreign references. */
export function checkNotServed({ endpoint, message }: Pick<EvaluationContext, 'endpoint' | 'message'>): void {
  for (const { selector, value } of placesMeaning(endpoint, message, 'notServed')) {
    if (Array.isArray(value) && value.length === 0) continue
    throw new Refusal('invalid-parameter', `The field '${selector}' is not served by this proxy: leave it out.`)
  }
}
