import { type Json, JsonNumber, type JsonObject } from '../../../policy/messages/json/json.ts'
import { Refusal } from '../../../policy/reasons.ts'
import { pagesOf } from '../../network/pages-of.ts'

/** Sends a request to Databricks: a GET's message as its query, a POST's as its JSON body. `path` begins with `/api/2.0/`. */
export type StorageCall = (method: 'GET' | 'POST', path: string, message: JsonObject) => Promise<{ status: number; json: Json }>

/** Databricks refused a call: its status and error, before they are translated into the caller's names. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed'
  readonly status: number
  readonly json: JsonObject
  constructor(status: number, json: JsonObject) {
    super(`Databricks answered ${status}`)
    this.status = status
    this.json = json
  }
}

/** The refusal of an answer with an unknown form. */
export function unknownStorageAnswer(what: string): Refusal {
  return new Refusal('unknown-answer', `Databricks' answer about artifacts has ${what}, which this proxy does not know.`)
}

/** The refusal of a path that does not exist. */
export function absentArtifact(path: string): Refusal {
  return new Refusal('not-found', `No such artifact: '${path}'`)
}

/** Sends a call and returns its answer. Throws `not-found` (about `path`), `upstream-unavailable`, or CallFailed. */
export async function askStorage(
  call: StorageCall,
  method: 'GET' | 'POST',
  endpoint: string,
  message: Readonly<Record<string, Json>>,
  path: string,
): Promise<JsonObject> {
  const { status, json } = await call(method, endpoint, new Map(Object.entries(message)))
  if (status >= 500) throw new Refusal('upstream-unavailable', 'Databricks failed on a look-up of artifacts. Try again shortly.')
  if (!(json instanceof Map)) throw unknownStorageAnswer('no JSON object')
  if (status === 200) return json
  if (json.get('error_code') === 'RESOURCE_DOES_NOT_EXIST') throw absentArtifact(path)
  throw new CallFailed(status, json)
}

/** A text in an answer; '' if it is omitted. */
export function textOf(object: JsonObject, key: string): string {
  const value = object.get(key) ?? ''
  if (typeof value !== 'string') throw unknownStorageAnswer(`a ${key} that is not a text`)
  return value
}

/** The objects of a list in an answer; empty if it is omitted. */
export function rowsOf(object: JsonObject, key: string): JsonObject[] {
  const value = object.get(key) ?? []
  if (!Array.isArray(value)) throw unknownStorageAnswer(`a ${key} that is not a list`)
  return value.map((row) => {
    if (!(row instanceof Map)) throw unknownStorageAnswer(`a row of ${key} that is not an object`)
    return row
  })
}

/** A number of bytes in an answer, which Databricks writes as a number or a string; 0 if it is omitted. */
export function bytesOf(object: JsonObject, key: string): number {
  const value = object.get(key) ?? '0'
  const text = value instanceof JsonNumber ? value.text : value
  if (typeof text !== 'string' || !/^[0-9]{1,15}$/.test(text)) throw unknownStorageAnswer(`a ${key} that is not a size`)
  return Number(text)
}

const mostRows = 100_000

/** Adds a page's rows to those of the pages before. Throws `unknown-answer` if there are more than any folder has. */
export function addRows<R>(rows: R[], page: readonly R[]): void {
  for (const row of page) rows.push(row)
  if (rows.length > mostRows) throw unknownStorageAnswer('more rows than any folder has')
}

/** All rows of a paged answer. Throws if the pages never end. */
export async function askPages(
  ask: (page: Readonly<Record<string, Json>>) => Promise<JsonObject>,
  key: string,
): Promise<JsonObject[]> {
  const rows: JsonObject[] = []
  const askPage = (token: string) => ask(token === '' ? {} : { page_token: token })
  for await (const answer of pagesOf(askPage, (page) => textOf(page, 'next_page_token'))) {
    const page = rowsOf(answer, key)
    if (page.length === 0) break
    addRows(rows, page)
  }
  return rows
}
