import type { Limit } from '../../meanings/limits.ts'
import type { Json, JsonObject } from '../../messages/json/json.ts'
import { JsonNumber } from '../../messages/json/json.ts'
import { eachAt } from '../../messages/message-fields.ts'
import { Refusal } from '../../reasons.ts'

/** MLflow's own words. */
function tooLong(selector: string, limit: number): Refusal {
  return new Refusal(
    'invalid-parameter',
    `'${selector}' exceeds the maximum length of ${limit} characters. Send a shorter value.`,
  )
}

function tooMany(selector: string, limit: number, found: number): Refusal {
  return new Refusal(
    'invalid-parameter',
    `'${selector}' can contain at most ${limit} items. Got ${found} items. Please split them up across multiple requests and try again.`,
  )
}

function measureText(selector: string, { length }: string, limit: number): void {
  if (length > limit) throw tooLong(selector, limit)
}

function measureObject(selector: string, object: JsonObject, limit: Limit): void {
  const { items, characters, key: longestKey = characters } = limit
  if (object.size > items) throw tooMany(selector, items, object.size)
  for (const [key, value] of object) {
    measureText(`${selector}[].key`, key, longestKey)
    // The key of a tag in a list.
    if (key === 'key' && typeof value === 'string') measureText(`${selector}[].key`, value, longestKey)
    else measure(selector, value, limit)
  }
}

function measure(selector: string, value: Json, limit: Limit): void {
  if (typeof value === 'string') measureText(selector, value, limit.characters)
  else if (value instanceof JsonNumber) measureText(selector, value.text, limit.characters)
  else if (value instanceof Map) measureObject(selector, value, limit)
  else if (Array.isArray(value)) {
    if (value.length > limit.items) throw tooMany(selector, limit.items, value.length)
    for (const item of value) measure(selector, item, limit)
  }
}

/**
 * The first of all checks: no field holds more than its meaning may. Nothing of a request is normalised, split, matched or read further
 * before it. Throws `invalid-parameter`.
 */
export function checkSizes(sizes: readonly (readonly [selector: string, limit: Limit])[], message: JsonObject): void {
  for (const [selector, limit] of sizes) eachAt(message, selector, (value) => measure(selector, value, limit))
}
