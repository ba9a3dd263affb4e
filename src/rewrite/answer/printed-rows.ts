import type { OpenEndpoint } from '../../policy/endpoints/endpoint.ts'
import type { Grant } from '../../policy/grant.ts'
import type { Json } from '../../policy/messages/json/json.ts'
import { reachableMessages, shapeOf } from '../../policy/messages/message-shape.ts'
import { oncePer } from '../../policy/once-per.ts'
import { planOf } from './answer-plan.ts'

/** Whether nothing in a message, or in the messages in it, is anybody's own or named anew. */
function isPlain(message: string): boolean {
  return [...reachableMessages(message)].every((name) => {
    const { isOwned, isRenamed } = planOf(name)
    return !isOwned && !isRenamed
  })
}

/** The lists that an endpoint's answers may have printed, with what puts their rows into the caller's words. */
const plainLists = oncePer(({ response, anyExperiment }: OpenEndpoint) => {
  if (anyExperiment === true) return []
  const whole = planOf(response)
  return [...shapeOf(response).fields].flatMap(([name, { type, message = '', repeated, map }]) => {
    const isList = type === 'message' && repeated && !map && whole.meaningOf(name) === null
    return isList && isPlain(message) ? [[name, planOf(message)] as const] : []
  })
})

/**
 * The lists of an answer whose rows are put into the caller's words one by one, while they are read: the history of a metric may have
 * hundreds of thousands. Of all other rows it is found out first whose they are.
 */
export function printedRows({ endpoint, context }: Grant): ReadonlyMap<string, (row: Json) => Json> {
  return new Map(plainLists(endpoint).map(([name, plan]) => [name, (row: Json) => plan.rewriteRow(row, context)]))
}
