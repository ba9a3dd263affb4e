import type { Field } from './field.ts'
import { type Json, JsonNumber } from './json.ts'
import { Refusal } from './reasons.ts'

const timestamp = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/
const duration = /^-?\d{1,11}(?:\.\d+)?s$/
const fieldMask = /^(?:[A-Za-z0-9.]+(?:,[A-Za-z0-9.]+)*)?$/

/**
 * The JSON of protobuf's well-known types, checked: where MLflow cannot parse one, it silently drops the fields after it.
 * Throws Refusal 'invalid-parameter'.
 */
export function readWellKnown(form: Field['form'], value: Json, place: string): Json {
  switch (form) {
    case undefined:
      return holdsFiniteNumbers(value) ? value : refuse(place, 'JSON with numbers that a double can hold')
    case 'timestamp':
      return typeof value === 'string' && isTimestamp(value) ? value : refuse(place, "a time such as '2026-01-31T12:00:00.000Z'")
    case 'duration':
      return typeof value === 'string' && duration.test(value) ? value : refuse(place, "a duration such as '1.5s'")
    case 'fieldMask':
      return typeof value === 'string' && fieldMask.test(value)
        ? value
        : refuse(place, 'field names in camelCase with commas between')
  }
}

function isTimestamp(text: string): boolean {
  const day = timestamp.exec(text)?.[1]
  if (day === undefined || day < '0001-01-02' || day > '9999-12-30') return false
  const midnight = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day)
}

function holdsFiniteNumbers(value: Json): boolean {
  if (value instanceof JsonNumber) return Number.isFinite(Number(value.text))
  if (Array.isArray(value)) return value.every(holdsFiniteNumbers)
  return !(value instanceof Map) || [...value.values()].every(holdsFiniteNumbers)
}

function refuse(place: string, expected: string): never {
  throw new Refusal('invalid-parameter', `The value of '${place}' must be ${expected}.`)
}
