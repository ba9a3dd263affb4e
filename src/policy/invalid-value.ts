import type { Json } from './json.ts'
import { printJson } from './json-text.ts'
import { Refusal } from './reasons.ts'

const longest = 64

// Long texts, lists and objects are not repeated.
function shownValue(value: Json): string {
  if (Array.isArray(value) || value instanceof Map) return ''
  const text = printJson(value)
  return text.length <= longest ? ` ${text}` : ''
}

/** MLflow's own sentence for a value that a parameter cannot have, and then what it can have. */
export function invalidValue(parameter: string, value: Json, expected: string): Refusal {
  const shown = shownValue(value)
  return new Refusal('invalid-parameter', `Invalid value${shown} for parameter '${parameter}' supplied: it must be ${expected}.`)
}
