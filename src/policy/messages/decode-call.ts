import { Refusal } from '../reasons.ts'
import { atOnce, type Turns } from '../turns.ts'
import { decodeObject, type Reading } from './decode-object.ts'
import { readScalar, readWord } from './field-value.ts'
import type { CopiedLists } from './json/copied-lists.ts'
import { isSameJson, type JsonObject } from './json/json.ts'
import { decodeUtf8, parseInTurns } from './json/json-text.ts'
import { type Shape, shapeOf } from './message-shape.ts'
import { parseQuery } from './query-text.ts'
import { readRequiredFirst } from './required-first.ts'

/** What is left of a request to one endpoint, undecoded but for the path parameters. */
export interface RawCall {
  readonly method: string
  /** Without '?'; '' if there is none. */
  readonly rawQuery: string
  /** Empty if there is none. */
  readonly body: Uint8Array
  readonly contentType: string | null
  readonly pathParams: ReadonlyMap<string, string>
}

/** `body: 'bytes'`: the body is no message (an artifact), and the parameters stand in the query whatever the method. */
export interface DecodeOptions {
  readonly unknownFields: 'refuse' | 'forward'
  readonly body?: 'json' | 'bytes'
  /** A DELETE may carry its parameters in the query instead of the body. */
  readonly deleteByQuery?: boolean
  /** What the endpoint requires is looked at first, and in this order. */
  readonly required?: readonly string[]
  /** Lists of the JSON body that are copied. */
  readonly copied?: CopiedLists
}

/** The body of an opaque endpoint: a JSON object as it is, and nothing in the query. Throws Refusal as `decodeCall`. */
export function* decodeOpaqueInTurns({ rawQuery, contentType, body }: RawCall): Turns<JsonObject> {
  if (rawQuery !== '') throw new Refusal('malformed', 'The request takes its parameters from the JSON body: remove the query.')
  requireJsonType(contentType)
  return yield* parseBody(body)
}

const jsonType = /^application\/json(?:;\s*charset="?utf-8"?\s*)?$/i

/**
 * The one reading of a request: its message in snake_case with typed values, path parameters merged in.
 * Throws Refusal 'malformed' or 'invalid-parameter' for whatever MLflow could read in another way, Error for an unknown message.
 */
export function decodeCall(message: string, raw: RawCall, options: DecodeOptions): JsonObject {
  return atOnce(decodeCallInTurns(message, raw, options))
}

/** The same with rests, for a body of any size. */
export function* decodeCallInTurns(message: string, raw: RawCall, options: DecodeOptions): Turns<JsonObject> {
  const shape = shapeOf(message)
  const decoded = yield* decodeParameters(shape, raw, options)
  for (const [name, value] of raw.pathParams) mergePathParameter(shape, decoded, name, value)
  refuseTwoRuns(decoded)
  return decoded
}

function* decodeParameters(shape: Shape, raw: RawCall, options: DecodeOptions): Turns<JsonObject> {
  const { unknownFields } = options
  const decode: Decode = (object, from) =>
    readRequiredFirst(shape, object, { ...options, inPath: raw.pathParams }, (entries) =>
      decodeObject(shape, entries, { unknownFields, from }),
    )
  if (options.body === 'bytes') return decode(readQuery(shape, raw.rawQuery), 'query')
  if (raw.method === 'GET' || raw.method === 'HEAD') return yield* decodeGet(shape, raw, decode)
  if (raw.method === 'DELETE' && options.deleteByQuery === true && raw.body.length === 0)
    return decode(readQuery(shape, raw.rawQuery), 'query')
  if (raw.rawQuery !== '' && raw.body.length === 0) {
    throw new Refusal('malformed', `A ${raw.method} request takes its parameters from the JSON body: remove the query.`)
  }
  if (raw.method === 'POST' || raw.method === 'PUT') requireJsonType(raw.contentType)
  const body: JsonObject = raw.body.length > 0 ? yield* parseBody(raw.body, options.copied) : new Map()
  const decoded = decode(body, 'body')
  if (raw.rawQuery !== '') {
    const inQuery = orDifferent(() => decodeObject(shape, readQuery(shape, raw.rawQuery), { unknownFields, from: 'query' }))
    requireSame(decoded, inQuery)
  }
  return decoded
}

type Decode = (object: JsonObject, from: Reading['from']) => JsonObject

/** MLflow reads the body of a GET where there is no query. */
function* decodeGet(shape: Shape, { method, rawQuery, body }: RawCall, decode: Decode): Turns<JsonObject> {
  if (body.length === 0) return decode(readQuery(shape, rawQuery), 'query')
  if (method === 'HEAD') throw new Refusal('malformed', 'A HEAD request must not have a body: send the parameters in the query.')
  if (rawQuery === '') return decode(yield* parseBody(body), 'flat-body')
  return orDifferent(() => {
    const decoded = decode(readQuery(shape, rawQuery), 'query')
    requireSame(decoded, decode(atOnce(parseBody(body)), 'flat-body'))
    return decoded
  })
}

/** Of a query and a body MLflow reads one: what the other says must be said there, too. */
function requireSame(read: JsonObject, other: JsonObject): void {
  for (const [name, value] of other) {
    const same = read.get(name)
    if (same === undefined || !isSameJson(same, value)) throw refuseDifferent()
  }
}

/** What cannot be read in one of two places is not what the other says. */
function orDifferent(read: () => JsonObject): JsonObject {
  try {
    return read()
  } catch (error) {
    throw error instanceof Refusal ? refuseDifferent() : error
  }
}

function refuseDifferent(): Refusal {
  return new Refusal(
    'malformed',
    'The query and the body of the request differ, and MLflow would read only one of them: send one of them.',
  )
}

function requireJsonType(contentType: string | null): void {
  if (contentType === null) throw new Refusal('invalid-parameter', 'Bad Request. Content-Type header is missing.')
  if (jsonType.test(contentType)) return
  throw new Refusal('invalid-parameter', "Bad Request. Content-Type must be one of ['application/json'].")
}

function* parseBody(body: Uint8Array, copied?: CopiedLists): Turns<JsonObject> {
  const value = yield* parseInTurns(decodeUtf8(body), copied === undefined ? {} : { copied })
  if (!(value instanceof Map)) throw new Refusal('malformed', 'The body must be a JSON object.')
  return value
}

function readQuery(shape: Shape, rawQuery: string): JsonObject {
  const object: JsonObject = new Map()
  for (const [key, value] of parseQuery(rawQuery)) {
    const repeated = shape.fields.get(shape.spellings.get(key) ?? '')?.repeated === true
    const earlier = object.get(key)
    if (earlier === undefined) object.set(key, repeated ? [value] : value)
    else if (repeated && Array.isArray(earlier)) earlier.push(value)
    else if (earlier !== value) throw new Refusal('malformed', 'The query has a parameter more than once: send it once.')
  }
  return object
}

function mergePathParameter(shape: Shape, decoded: JsonObject, name: string, text: string): void {
  const field = shape.fields.get(name) ?? { type: 'string' }
  const value = readScalar(field, readWord(field.type, text), name)
  const earlier = decoded.get(name)
  if (earlier !== undefined && !isSameJson(earlier, value)) {
    throw new Refusal('malformed', `The request has '${name}' in its path and a different '${name}' elsewhere: send one of them.`)
  }
  decoded.set(name, value)
}

// MLflow takes run_uuid only where run_id is empty; every client that sends both sends them equal.
function refuseTwoRuns(decoded: JsonObject): void {
  const runId = decoded.get('run_id')
  const runUuid = decoded.get('run_uuid')
  if (typeof runId === 'string' && typeof runUuid === 'string' && runId !== runUuid) {
    throw new Refusal('malformed', "The request has a 'run_id' and a different 'run_uuid': send one of them.")
  }
}
