import type { Field, FieldType } from './field.ts'
import { invalidValue } from './invalid-value.ts'
import { type Json, JsonNumber } from './json/json.ts'

const integer = /^(?:0|-?[1-9][0-9]*)$/
const number = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/
const notFinite = /^(?:NaN|-?Infinity)$/
const base64 = /^(?:[A-Za-z0-9+/_-]{4})*(?:[A-Za-z0-9+/_-]{2,3})?={0,2}$/
const ranges = {
  int32: { least: -(2n ** 31n), most: 2n ** 31n - 1n },
  int64: { least: -(2n ** 63n), most: 2n ** 63n - 1n },
  uint32: { least: 0n, most: 2n ** 32n - 1n },
  uint64: { least: 0n, most: 2n ** 64n - 1n },
}
const mostFinite = { float: 3.4028234663852886e38, double: Number.MAX_VALUE }
type IntegerType = keyof typeof ranges

/**
 * One scalar, checked against its field: numbers become JsonNumber, but NaN and the infinities stay protobuf's strings.
 * `place` names the field in the sentence of a Refusal 'invalid-parameter'.
 */
export function readScalar(field: Field, value: Json, place: string): Json {
  switch (field.type) {
    case 'string':
      return readText(value, place)
    case 'bytes':
      if (typeof value === 'string' && base64.test(value)) return value
      throw invalidValue(place, value, 'a base64 string')
    case 'bool':
      if (typeof value === 'boolean') return value
      throw invalidValue(place, value, 'true or false')
    case 'enum':
      return readEnum(field, value, place)
    case 'float':
    case 'double':
      return readNumber(field.type, value, place)
    case 'int32':
    case 'int64':
    case 'uint32':
    case 'uint64':
      return readInteger(field.type, value, place)
    case 'message':
    case 'json':
      throw invalidValue(place, value, 'an object')
  }
}

/** What a query says for a field, as the JSON that means it: booleans are words there. */
export function readWord(type: FieldType, word: string): Json {
  const lower = word.toLowerCase()
  return type === 'bool' && (lower === 'true' || lower === 'false') ? lower === 'true' : word
}

function readText(value: Json, place: string): string {
  if (typeof value !== 'string') throw invalidValue(place, value, 'a string')
  if (value.includes('\0')) throw invalidValue(place, value, 'a string without NUL characters')
  return value
}

/** By its name, or by its number as a number or as text. */
function readEnum({ values = [], numbers = [] }: Field, value: Json, place: string): string {
  if (typeof value === 'string' && values.includes(value)) return value
  const whole = value instanceof JsonNumber || (typeof value === 'string' && integer.test(value)) ? wholeNumber(value) : null
  const named = whole === null ? undefined : values[numbers.indexOf(Number(whole))]
  if (named !== undefined) return named
  throw invalidValue(place, value, `one of ${values.join(', ')}`)
}

function readNumber(type: keyof typeof mostFinite, value: Json, place: string): Json {
  const text = value instanceof JsonNumber ? value.text : value
  if (typeof text === 'string') {
    if (number.test(text) && Math.abs(Number(text)) <= mostFinite[type]) return new JsonNumber(text)
    if (typeof value === 'string' && notFinite.test(text)) return text
  }
  throw invalidValue(place, value, 'a number, or "NaN", "Infinity" or "-Infinity"')
}

function readInteger(type: IntegerType, value: Json, place: string): JsonNumber {
  const { least, most } = ranges[type]
  const whole = wholeNumber(value)
  if (whole !== null && whole >= least && whole <= most) return new JsonNumber(String(whole))
  throw invalidValue(place, value, `a whole number from ${least} to ${most}, without leading zeros`)
}

/**
 * A whole number in any of JSON's spellings, also as text; null for anything else. With a fraction or an exponent (`1700000000000.0`, `1e3`)
 * it is the double that it spells, as protobuf's parser takes it.
 */
function wholeNumber(value: Json): number | bigint | null {
  const text = value instanceof JsonNumber ? value.text : value
  if (typeof text !== 'string') return null
  if (text.length <= 20 && integer.test(text)) return text.length <= 15 ? Number(text) : BigInt(text)
  const double = number.test(text) ? Number(text) : Number.NaN
  return Number.isInteger(double) ? BigInt(double) : null
}
