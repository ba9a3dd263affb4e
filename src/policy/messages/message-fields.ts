import type { OpenEndpoint } from '../endpoints/endpoint.ts'
import type { Meaning } from '../meanings/meaning.ts'
import type { Json, JsonObject } from './json/json.ts'

/** One value of a message, and how to put another in its place. */
export interface Place {
  readonly selector: string
  readonly value: Json
  readonly replace: (value: Json) => void
}

function placesIn(message: JsonObject, selector: string, whole: string): Place[] {
  const [head = '', ...rest] = selector.split('.')
  const tail = rest.join('.')
  const key = head.endsWith('[]') ? head.slice(0, -2) : head
  const value = message.get(key)
  if (value === undefined) return []
  if (tail === '') return [{ selector: whole, value, replace: (next) => message.set(key, next) }]
  const inner = Array.isArray(value) && key !== head ? value : [value]
  return inner.flatMap((item) => (item instanceof Map ? placesIn(item, tail, whole) : []))
}

/** The values of a message at a selector such as `run_id`, `metrics[].model_id` or `trace.trace_info.trace_id`; absent ones are left out. */
export function placesAt(message: JsonObject, selector: string): Place[] {
  return placesIn(message, selector, selector)
}

function visitIn(message: JsonObject, steps: readonly string[], depth: number, visit: (value: Json) => void): void {
  const step = steps[depth] ?? ''
  const key = step.endsWith('[]') ? step.slice(0, -2) : step
  const value = message.get(key)
  if (value === undefined) return
  if (depth === steps.length - 1) visit(value)
  else if (value instanceof Map) visitIn(value, steps, depth + 1, visit)
  else if (key !== step && Array.isArray(value))
    for (const item of value) if (item instanceof Map) visitIn(item, steps, depth + 1, visit)
}

/** Visits the values at a selector, of which there may be too many to be listed. */
export function eachAt(message: JsonObject, selector: string, visit: (value: Json) => void): void {
  visitIn(message, selector.split('.'), 0, visit)
}

const selectorsOf = new WeakMap<OpenEndpoint, ReadonlyMap<Meaning, readonly string[]>>()

/** The selectors of an endpoint's fields by their meanings, which are the same for every request. */
function indexSelectors(endpoint: OpenEndpoint): ReadonlyMap<Meaning, readonly string[]> {
  const index = new Map<Meaning, string[]>()
  for (const [selector, meaning] of Object.entries(endpoint.fields)) {
    const others = index.get(meaning)
    if (others) others.push(selector)
    else index.set(meaning, [selector])
  }
  selectorsOf.set(endpoint, index)
  return index
}

/** The values that have one of the given meanings in an endpoint's request. */
export function placesMeaning(endpoint: OpenEndpoint, message: JsonObject, ...meanings: Meaning[]): Place[] {
  const index = selectorsOf.get(endpoint) ?? indexSelectors(endpoint)
  const places: Place[] = []
  for (const meaning of meanings) for (const selector of index.get(meaning) ?? []) places.push(...placesAt(message, selector))
  return places
}

/** The non-empty text of the first field with this meaning, or null. */
export function textMeaning(endpoint: OpenEndpoint, message: JsonObject, meaning: Meaning): string | null {
  for (const { value } of placesMeaning(endpoint, message, meaning)) {
    if (typeof value === 'string' && value !== '') return value
  }
  return null
}

/** The strings in a value that may be one string or a list of them. */
export function textsOf(value: Json): string[] {
  if (typeof value === 'string') return [value]
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/** The objects in a value that may be a list of them. */
export function objectsIn(value: Json | readonly Json[] | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter((item) => item instanceof Map) : []
}

/** A deep copy, so that rewriting never changes what was judged. */
export function copyJson(value: JsonObject): JsonObject
export function copyJson(value: Json): Json
export function copyJson(value: Json): Json {
  if (Array.isArray(value)) return value.map((item) => copyJson(item))
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, copyJson(item)]))
  return value
}
