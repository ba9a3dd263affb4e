import { Refusal } from '../reasons.ts'
import { type Json, JsonNumber } from './json/json.ts'
import { printJson } from './json/json-text.ts'

/** Characters. What is longer is not repeated. */
const longest = 512

/** Whether a value's text may be short enough to be shown: its parts are counted until they are not. */
function mayBeShown(value: Json): boolean {
  let left = longest
  const count = (part: Json): boolean => {
    left -= typeof part === 'string' ? part.length : part instanceof JsonNumber ? part.text.length : 1
    if (left < 0) return false
    if (Array.isArray(part)) return part.every(count)
    return !(part instanceof Map) || [...part].every(([key, item]) => count(key) && count(item))
  }
  return count(value)
}

function sortKeys(value: Json): Json {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (!(value instanceof Map)) return value
  return new Map([...value].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sortKeys(item)]))
}

/** A value as Python's `json.dumps` writes it for MLflow: keys sorted, and nothing but ASCII. */
function shownValue(value: Json): string {
  if (!mayBeShown(value)) return ''
  const text = printJson(sortKeys(value)).replace(
    /[^\x20-\x7e]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return text.length <= longest ? ` ${text}` : ''
}

/** MLflow's own sentence for a value that a parameter cannot have, and then what it can have. */
export function invalidValue(parameter: string, value: Json, expected: string): Refusal {
  const shown = shownValue(value)
  return new Refusal('invalid-parameter', `Invalid value${shown} for parameter '${parameter}' supplied: it must be ${expected}.`)
}

/** MLflow's own sentence for a parameter that is missing. */
export function missingValue(parameter: string): Refusal {
  return new Refusal(
    'invalid-parameter',
    `Missing value for required parameter '${parameter}'. See the API docs for more information about request parameters.`,
  )
}
