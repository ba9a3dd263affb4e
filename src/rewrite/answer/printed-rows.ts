import type { Grant } from '../../policy/grant.ts'
import type { Field } from '../../policy/messages/field.ts'
import type { Json } from '../../policy/messages/json/json.ts'
import { hasShape, shapeOf } from '../../policy/messages/message-shape.ts'
import { answerMeanings } from './answer-fields.ts'
import { rewriteRow } from './rewrite-answer.ts'
import { hasOwnVisibility } from './visible-rows.ts'

/** Whether nothing in a message, or in the messages in it, is anybody's own or named anew. */
function isPlain(message: string, above: readonly string[] = []): boolean {
  if (above.includes(message)) return true
  if (!hasShape(message) || hasOwnVisibility(message) || message in answerMeanings) return false
  const inner = (field: Field) => (field.type === 'message' ? [field.message ?? ''] : [])
  return [...shapeOf(message).fields.values()].flatMap(inner).every((name) => isPlain(name, [...above, message]))
}

/**
 * The lists of an answer whose rows are put into the caller's words one by one, while they are read: the history of a metric may have
 * hundreds of thousands. Of all other rows it is found out first whose they are.
 */
export function printedRows({ endpoint, context }: Grant): ReadonlyMap<string, (row: Json) => Json> {
  const { response, anyExperiment, asks } = endpoint
  const meanings = answerMeanings[response] ?? {}
  const lists = [...shapeOf(response).fields].flatMap(([name, { type, message = '', repeated, map }]) =>
    type === 'message' && repeated && !map && !(name in meanings) && isPlain(message) ? [[name, message] as const] : [],
  )
  if (anyExperiment === true || asks !== undefined) return new Map()
  return new Map(lists.map(([name, message]) => [name, (row: Json) => rewriteRow(message, row, context)]))
}
