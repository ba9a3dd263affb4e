import type { IncomingHttpHeaders } from 'node:http'
import { type Answer, DatabricksError, invalid } from './answer.ts'
import type { Member } from './directory.ts'

/** An object of a JSON message. */
export type Fields = Readonly<Record<string, unknown>>

/** One call of a member of the workspace. */
export interface Call {
  readonly method: string
  /** Without query, and without `/preview`: 1.30.1 asks the registry below it first (fact 18). */
  readonly path: string
  /** What stood in the braces of the route. */
  readonly params: Readonly<Record<string, string>>
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly search: string
  readonly caller: Member
  /** Query and JSON body together: DELETE takes either, the SDK sends a query and MLflow's clients a body (fact 2). */
  readonly fields: Fields
}

/** Answers one route. */
export type Handler = (call: Call) => Promise<Answer> | Answer

/** Handlers by `METHOD /path`; `{name}` is one segment of the path and `{name+}` the rest of it. */
export type Routes = Readonly<Record<string, Handler>>

/** The object that a value is, else an empty one. */
export function objectOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : {}
}

/** The objects of a list, else none. */
export function objectsOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(objectOf) : []
}

/** Query and JSON body as one object; a parameter that the query repeats becomes a list. Throws 400 for a body that is no JSON object. */
export function readFields(search: string, contentType: string, body: Buffer): Fields {
  const fields: Record<string, unknown> = {}
  const query = new URLSearchParams(search)
  for (const name of new Set(query.keys())) {
    const values = query.getAll(name)
    fields[name] = values.length > 1 ? values : values[0]
  }
  if (body.length === 0 || contentType.includes('octet-stream')) return fields
  return { ...fields, ...objectOf(parse(body.toString('utf8'))) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new DatabricksError(
      400,
      'MALFORMED_REQUEST',
      'Invalid JSON given in the body of the request - failed to parse given JSON',
    )
  }
}

/** A field's text, or null; numbers count as text, for old clients send ids so. */
export function optionalText(fields: Fields, name: string): string | null {
  const value = fields[name]
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : null
}

/** A field's text. Throws 400 where there is none. */
export function text(fields: Fields, name: string): string {
  const value = optionalText(fields, name)
  if (value === null) throw invalid(`Missing required field: ${name}`)
  return value
}

/** The texts of a list; one text counts as a list of one. */
export function texts(fields: Fields, name: string): string[] {
  const value = fields[name]
  const list: unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value]
  return list.flatMap((item) => (typeof item === 'string' || typeof item === 'number' ? [String(item)] : []))
}

/** A required boolean. Throws 400 where there is none. */
export function flag(fields: Fields, name: string): boolean {
  const value = fields[name]
  if (value === undefined) throw invalid(`Missing required field: ${name}`)
  return value === true || value === 'true'
}

/** A whole number, or `otherwise` where there is none. */
export function number(fields: Fields, name: string, otherwise: number): number {
  const value = Number(fields[name] ?? otherwise)
  if (!Number.isSafeInteger(value)) throw invalid(`Invalid value for field ${name}`)
  return value
}
