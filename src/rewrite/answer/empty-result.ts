import type { Grant } from '../../policy/grant.ts'
import { JsonNumber, type JsonObject } from '../../policy/messages/json/json.ts'
import { textsMeaning } from '../../policy/messages/message-fields.ts'

/**
 * The answer to a request for traces of which the caller may have none, or null where there is something to ask for: without ids MLflow
 * would refuse it, or take it for another one.
 */
export function emptyResult({ endpoint, message, context }: Grant): JsonObject | null {
  const ids = textsMeaning(endpoint, message, 'tracesToSearch')
  if (ids.length === 0 || context.visibleTraces.size > 0) return null
  return endpoint.action === 'delete' ? new Map([['traces_deleted', new JsonNumber('0')]]) : new Map()
}
