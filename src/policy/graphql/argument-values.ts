import { type Json, JsonNumber, type JsonObject } from '../messages/json/json.ts'

/** A JSON value as the GraphQL library takes it: whole numbers that JavaScript cannot hold stay as they are. */
function plain(value: Json): unknown {
  if (value instanceof JsonNumber) {
    const number = Number(value.text)
    return Number.isInteger(number) && !Number.isSafeInteger(number) ? value : number
  }
  if (Array.isArray(value)) return value.map(plain)
  return value instanceof Map ? plainVariables(value) : value
}

/** The variables of an operation as the GraphQL library takes them. */
export function plainVariables(variables: JsonObject): Readonly<Record<string, unknown>> {
  const result: Record<string, unknown> = Object.create(null)
  for (const [name, value] of variables) result[name] = plain(value)
  return result
}

/** An argument as the GraphQL library hands it out, as JSON. Throws TypeError for what no argument can be. */
export function argumentJson(value: unknown): Json {
  if (value === null || value === undefined) return null
  if (typeof value === 'string' || typeof value === 'boolean' || value instanceof JsonNumber) return value
  if (typeof value === 'number') return new JsonNumber(String(value))
  if (Array.isArray(value)) return value.map(argumentJson)
  if (typeof value === 'object') return new Map(Object.entries(value).map(([name, item]) => [name, argumentJson(item)]))
  throw new TypeError(`no argument of GraphQL is a ${typeof value}`)
}
