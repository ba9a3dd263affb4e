import type { OpenEndpoint } from '../endpoints/endpoint.ts'
import type { Meaning } from '../meanings/meaning-table.ts'
import { oncePer } from '../once-per.ts'
import { type Json, JsonNumber, type JsonObject } from './json/json.ts'

/** One value of a message, and how to put another in its place. */
export interface Place {
  readonly selector: string
  readonly value: Json
  readonly replace: (value: Json) => void
}

/** A part of a selector: a field, and whether its items are meant. */
interface Step {
  readonly key: string
  readonly each: boolean
}

/** The selectors of the table, split once. */
const known = new Map<string, readonly Step[]>()

function stepsOf(selector: string): readonly Step[] {
  const found = known.get(selector)
  if (found !== undefined) return found
  const steps = selector.split('.').map((step) => {
    const each = step.endsWith('[]')
    return { key: each ? step.slice(0, -2) : step, each }
  })
  known.set(selector, steps)
  return steps
}

type Visit = (value: Json, object: JsonObject, key: string) => void

function visitIn(object: JsonObject, steps: readonly Step[], depth: number, visit: Visit): void {
  const step = steps[depth]
  const value = step && object.get(step.key)
  if (step === undefined || value === undefined) return
  if (depth === steps.length - 1) visit(value, object, step.key)
  else if (value instanceof Map) visitIn(value, steps, depth + 1, visit)
  else if (step.each && Array.isArray(value))
    for (const item of value) if (item instanceof Map) visitIn(item, steps, depth + 1, visit)
}

/** Visits the values of a message at a selector such as `run_id`, `metrics[].model_id` or `trace.trace_info.trace_id`; absent ones are left out. */
export function eachAt(message: JsonObject, selector: string, visit: Visit): void {
  visitIn(message, stepsOf(selector), 0, visit)
}

/** The same as a list. */
export function placesAt(message: JsonObject, selector: string): Place[] {
  const places: Place[] = []
  eachAt(message, selector, (value, object, key) => {
    places.push({ selector, value, replace: (next) => object.set(key, next) })
  })
  return places
}

function rewriteIn(object: JsonObject, steps: readonly Step[], depth: number, map: (value: Json) => Json): JsonObject {
  const step = steps[depth]
  const value = step && object.get(step.key)
  if (step === undefined || value === undefined) return object
  const next = depth === steps.length - 1 ? map(value) : rewriteInside(value, step, steps, depth + 1, map)
  return next === value ? object : new Map(object).set(step.key, next)
}

function rewriteInside(value: Json, { each }: Step, steps: readonly Step[], depth: number, map: (value: Json) => Json): Json {
  if (value instanceof Map) return rewriteIn(value, steps, depth, map)
  if (!each || !Array.isArray(value)) return value
  const items = value.map((item) => (item instanceof Map ? rewriteIn(item, steps, depth, map) : item))
  return items.some((item, at) => item !== value[at]) ? items : value
}

/** A message with other values at a selector. Nothing of the message itself is changed, and what stays the same is not copied. */
export function rewriteAt(message: JsonObject, selector: string, map: (value: Json) => Json): JsonObject {
  return rewriteIn(message, stepsOf(selector), 0, map)
}

/** The selectors of an endpoint's fields by their meanings, which are the same for every request. */
const selectorsOf = oncePer((endpoint: OpenEndpoint): ReadonlyMap<Meaning, readonly string[]> => {
  const index = Map.groupBy(Object.entries(endpoint.fields), ([, meaning]) => meaning)
  return new Map([...index].map(([meaning, fields]) => [meaning, fields.map(([selector]) => selector)]))
})

/** The values that have one of the given meanings in an endpoint's request. */
export function placesMeaning(endpoint: OpenEndpoint, message: JsonObject, ...meanings: Meaning[]): Place[] {
  const index = selectorsOf(endpoint)
  return meanings.flatMap((meaning) => index.get(meaning)?.flatMap((selector) => placesAt(message, selector)) ?? [])
}

/** The strings in all fields with one of the given meanings, each of which may hold one string or a list of them. */
export function textsMeaning(endpoint: OpenEndpoint, message: JsonObject, ...meanings: Meaning[]): string[] {
  return placesMeaning(endpoint, message, ...meanings).flatMap(({ value }) => textsOf(value))
}

/** The non-empty text of the first field with this meaning, or null. */
export function textMeaning(endpoint: OpenEndpoint, message: JsonObject, meaning: Meaning): string | null {
  let first: string | null = null
  const keep: Visit = (value) => {
    if (typeof value === 'string' && value !== '') first ??= value
  }
  for (const selector of selectorsOf(endpoint).get(meaning) ?? []) eachAt(message, selector, keep)
  return first
}

/** The id in a field, which MLflow writes as a text or as a number. */
export function idIn(message: JsonObject, field: string): string | null {
  const value = message.get(field)
  if (value instanceof JsonNumber) return value.text
  return typeof value === 'string' ? value : null
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
