import type { Field } from '../field.ts'
import { invalidValue } from '../invalid-value.ts'
import { type Json, JsonNumber } from './json.ts'

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
      if (holdsFiniteNumbers(value)) return value
      throw invalidValue(place, value, 'JSON with numbers that a double can hold')
    case 'timestamp':
      if (typeof value === 'string' && isTimestamp(value)) return value
      throw invalidValue(place, value, "a time such as '2026-01-31T12:00:00.000Z'")
    case 'duration':
      if (typeof value === 'string' && duration.test(value)) return value
      throw invalidValue(place, value, "a duration such as '1.5s'")
    case 'fieldMask':
      if (typeof value === 'string' && fieldMask.test(value)) return value
      throw invalidValue(place, value, 'field names in camelCase with commas between')
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
