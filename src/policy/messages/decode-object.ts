import { Refusal } from '../reasons.ts'
import type { Field } from './field.ts'
import { readScalar, readWord } from './field-value.ts'
import { invalidValue } from './invalid-value.ts'
import { type Json, JsonNumber, type JsonObject, PrintedJson } from './json/json.ts'
import { readWellKnown } from './json/well-known-json.ts'
import { type Shape, shapeOf } from './message-shape.ts'
import { forwardUnknownField, refuseUnknownField, snakeCase } from './unknown-field.ts'

/** How an object is read: what becomes of unknown fields, and where it comes from (`flat`: it goes upstream as a query). */
export interface Reading {
  readonly unknownFields: 'refuse' | 'forward'
  readonly from: 'body' | 'flat-body' | 'query'
}

/** Characters: more than any field's name has. */
const longestName = 256

/** What MLflow 2 makes texts of before protobuf reads it, since ids of experiments were numbers once: some clients still send them so. */
const experimentIds: ReadonlySet<string> = new Set(['experiment_id', 'experiment_ids'])

function textsOfNumbers(value: Json): Json {
  if (Array.isArray(value)) return value.map(textsOfNumbers)
  return value instanceof JsonNumber && /^(?:0|[1-9][0-9]*)$/.test(value.text) ? value.text : value
}

/** An object as its message, snake_case and typed. Throws Refusal 'invalid-parameter' for whatever does not fit. */
export function decodeObject(shape: Shape, object: Iterable<[string, Json]>, reading: Reading, place = ''): JsonObject {
  const decoded: JsonObject = new Map()
  const spelt = new Set<string>()
  const groups = new Set<string>()
  for (const [spelling, value] of object) {
    if (spelling.length > longestName) throw refuseUnknownField(place)
    const name = shape.spellings.get(spelling) ?? snakeCase(spelling)
    const field = shape.fields.get(name)
    const where = place === '' ? name : `${place}.${name}`
    if (spelt.has(name)) throw refuseTwice(where)
    spelt.add(name)
    const read =
      field === undefined
        ? decodeUnknown(spelling, value, reading, where)
        : decodeField(field, experimentIds.has(name) ? textsOfNumbers(value) : value, reading, where)
    if (read === undefined) continue
    if (field?.oneof !== undefined && groups.has(field.oneof)) {
      throw new Refusal(
        'invalid-parameter',
        `The request sets '${where}' together with a field that excludes it: send one of them.`,
      )
    }
    if (field?.oneof !== undefined) groups.add(field.oneof)
    decoded.set(name, read)
  }
  return decoded
}

function decodeUnknown(spelling: string, value: Json, reading: Reading, where: string): Json | undefined {
  if (reading.unknownFields === 'refuse') throw refuseUnknownField(where)
  if (reading.from === 'flat-body' && value !== null && typeof value !== 'string') throw refuseNested(where)
  return value === null ? undefined : forwardUnknownField(spelling, value, where)
}

// Undefined for what protobuf takes as absent.
function decodeField(field: Field, value: Json, reading: Reading, where: string): Json | undefined {
  if (value === null && !takesNull(field)) return undefined
  if (field.map) return decodeMap(field, value, reading, where)
  // What is copied is of its field's types already: its pattern is made of them.
  if (value instanceof PrintedJson) return value
  if (!field.repeated) return decodeSingle(field, value, reading, where)
  if (!Array.isArray(value)) throw invalidValue(where, value, 'an array')
  if (value.length === 0 && reading.from !== 'body') return undefined
  return value.map((item, index) => decodeSingle(field, item, reading, `${where}[${index}]`))
}

// Null is a value of protobuf's Value.
function takesNull({ type, form, repeated, map }: Field): boolean {
  return type === 'json' && form === undefined && !repeated && !map
}

function decodeSingle(field: Field, value: Json, reading: Reading, where: string): Json {
  if (field.type !== 'message' && field.type !== 'json') {
    return readScalar(field, reading.from === 'query' && typeof value === 'string' ? readWord(field.type, value) : value, where)
  }
  if (reading.from !== 'body') throw refuseNested(where)
  if (field.type === 'json') return readWellKnown(field.form, value, where)
  if (!(value instanceof Map)) throw invalidValue(where, value, 'an object')
  return decodeObject(shapeOf(field.message ?? ''), value, reading, where)
}

function decodeMap(field: Field, value: Json, reading: Reading, where: string): JsonObject {
  if (reading.from !== 'body') throw refuseNested(where)
  if (!(value instanceof Map)) throw invalidValue(where, value, 'an object')
  const decoded: JsonObject = new Map()
  for (const [key, item] of value) {
    if (key.includes('\0')) throw new Refusal('invalid-parameter', `A key of '${where}' contains a NUL character: remove it.`)
    decoded.set(key, decodeSingle(field, item, reading, `${where}[]`))
  }
  return decoded
}

function refuseTwice(where: string): Refusal {
  return new Refusal('malformed', `The request has '${where.slice(0, 64)}' more than once or in two spellings: send it once.`)
}

function refuseNested(where: string): Refusal {
  return new Refusal('invalid-parameter', `The field '${where.slice(0, 64)}' cannot be sent with GET.`)
}
