import type { Json } from './json.ts'
import { printJson } from './json-text.ts'
import { Refusal } from './reasons.ts'

const longest = 64

/** MLflow's own sentence for a value that a parameter cannot have, and what it can have. A long value is not repeated. */
export function invalidValue(parameter: string, value: Json, expected: string): Refusal {
  const text = printJson(value)
  const shown = text.length <= longest ? ` ${text}` : ''
  return new Refusal('invalid-parameter', `Invalid value${shown} for parameter '${parameter}' supplied: it must be ${expected}.`)
}
