import { type Json, JsonNumber, type JsonObject } from './json/json.ts'
import { printJson } from './json/json-text.ts'
import { printQuery } from './query-text.ts'

const nothing: ReadonlySet<string> = new Set()

/** The query (without '?') that says a message; `omit` names fields that stand in the path. Throws TypeError for nested values. */
export function encodeQuery(message: JsonObject, omit: ReadonlySet<string> = nothing): string {
  const pairs: [string, string][] = []
  for (const [name, value] of message) {
    if (omit.has(name)) continue
    for (const item of Array.isArray(value) ? value : [value]) pairs.push([name, printWord(item)])
  }
  return printQuery(pairs)
}

/** The JSON body that says a message; `omit` names fields to leave out. */
export function encodeBody(message: JsonObject, omit: ReadonlySet<string> = nothing): string {
  return printJson(omit.size === 0 ? message : new Map([...message].filter(([name]) => !omit.has(name))))
}

function printWord(value: Json): string {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  if (value instanceof JsonNumber) return value.text
  throw new TypeError('a query holds only text, numbers and booleans')
}
