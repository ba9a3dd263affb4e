import type { EvaluationContext } from '../../evaluation-context.ts'
import type { Json, JsonObject } from '../../messages/json/json.ts'
import { parseJson } from '../../messages/json/json-text.ts'
import { Refusal } from '../../reasons.ts'

/** Characters of JSON that stands in the tags of one request and is read: all of them together, and each as often as it is read. */
const most = 4 * 1024 * 1024

/** How many were read of each request. */
const read = new WeakMap<JsonObject, number>()

/** The JSON in a text of a request that may have many of them. Throws Refusal as `parseJson`, and `invalid-parameter` for too much in one request. */
export function parseNested({ message }: Pick<EvaluationContext, 'message'>, text: string): Json {
  const all = (read.get(message) ?? 0) + text.length
  if (all > most) throw new Refusal('invalid-parameter', 'The tags contain too much JSON. Send fewer of them in one request.')
  read.set(message, all)
  return parseJson(text)
}
