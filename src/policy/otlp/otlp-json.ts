import { readScalar } from '../messages/field-value.ts'
import { type Json, JsonNumber, type JsonObject } from '../messages/json/json.ts'
import { parseJson } from '../messages/json/json-text.ts'
import { withoutTrailing } from '../names/trailing.ts'
import { Refusal } from '../reasons.ts'
import { Budget, idLength, mostValues, toId } from './attribute-values.ts'
import type { WireField } from './wire-field.ts'
import { type WireMessage, wireMessage } from './wire-message.ts'

/** A message in the protocol's own JSON: ids are hexadecimal, enums numbers, and unknown fields are left out. Throws Refusal. */
export function readOtlpJson(name: string, text: string): JsonObject {
  const budget = new Budget()
  const value = parseJson(text, { maxDepth: 300, maxKeys: 1.5 * mostValues })
  if (!(value instanceof Map)) throw new Refusal('malformed', 'Invalid OpenTelemetry format: the body must be a JSON object.')
  return readObject(wireMessage(name), value, budget)
}

function readObject(message: WireMessage, object: JsonObject, budget: Budget): JsonObject {
  const result: JsonObject = new Map()
  const groups = new Set<string>()
  for (const [spelling, value] of object) {
    const key = message.spellings.get(spelling)
    const field = key === undefined ? undefined : message.fields.get(key)
    if (key === undefined || field === undefined || value === null || isNothing(field, value)) continue
    if (result.has(key) || (field.oneof !== undefined && groups.has(field.oneof))) {
      throw new Refusal(
        'malformed',
        `The request has '${key}' more than once or together with a field that excludes it: send it once.`,
      )
    }
    if (field.oneof !== undefined) groups.add(field.oneof)
    result.set(key, readField(message, key, field, value, budget))
  }
  return result
}

/** On the wire an empty list is not there. */
function isNothing({ repeated }: WireField, value: Json): boolean {
  return repeated === true && Array.isArray(value) && value.length === 0
}

function readField(message: WireMessage, key: string, field: WireField, value: Json, budget: Budget): Json {
  if (field.repeated !== true) return readSingle(message, key, field, value, budget)
  if (!Array.isArray(value)) throw invalid(key, 'an array')
  return value.map((item) => readSingle(message, key, field, item, budget))
}

function readSingle(message: WireMessage, key: string, field: WireField, value: Json, budget: Budget): Json {
  budget.spend()
  switch (field.type) {
    case 'message':
      if (!(value instanceof Map)) throw invalid(key, 'an object')
      return budget.within(() => readObject(wireMessage(field.message ?? ''), value, budget))
    case 'enum':
      return readEnum(key, field, value)
    case 'bytes': {
      const length = idLength(message, key)
      if (length === null) return readBase64(key, value)
      if (typeof value !== 'string') throw invalid(key, 'hexadecimal digits')
      return value === '' ? value : toId(key, value, length)
    }
    case 'fixed32':
      return readScalar({ type: 'uint32' }, value, key)
    case 'fixed64':
      return readScalar({ type: 'uint64' }, value, key)
    default:
      return readScalar({ type: field.type }, value, key)
  }
}

function readBase64(key: string, value: Json): string {
  const plain = typeof value === 'string' ? withoutTrailing(value.replaceAll('-', '+').replaceAll('_', '/'), '=') : null
  if (plain === null || !/^[A-Za-z0-9+/]*$/.test(plain) || plain.length % 4 === 1) throw invalid(key, 'a base64 string')
  return plain.padEnd(Math.ceil(plain.length / 4) * 4, '=')
}

function readEnum(key: string, { values = {} }: WireField, value: Json): Json {
  const number = typeof value === 'string' ? values[value] : undefined
  return number === undefined ? readScalar({ type: 'int32' }, value, key) : new JsonNumber(String(number))
}

function invalid(key: string, wanted: string): Refusal {
  return new Refusal('invalid-parameter', `Invalid OpenTelemetry format: '${key}' must be ${wanted}.`)
}
