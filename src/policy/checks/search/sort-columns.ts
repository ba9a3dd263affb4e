import type { EvaluationContext } from '../../evaluation-context.ts'
import { parseOrderBy } from '../../filter/order-by.ts'
import { placesMeaning, textsOf } from '../../messages/message-fields.ts'

/** Columns to sort by are read, so that what cannot be read is refused before anything is asked upstream. */
export function checkOrderBy({ endpoint, message }: EvaluationContext): void {
  for (const { value } of placesMeaning(endpoint, message, 'orderBy')) textsOf(value).forEach(parseOrderBy)
}
