import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

/** What the workspace answers to one call. */
export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | Readable
}

/** A refusal; its answer is the JSON of every Databricks API, `{error_code, message}` (fact 83). */
export class DatabricksError extends Error {
  override name = 'DatabricksError'
  readonly status: number
  readonly code: string
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

/** A refusal that is a page for people; Databricks sends these where a token is not even looked at further. */
export class HtmlRefusal extends Error {
  override name = 'HtmlRefusal'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** A JSON answer, 200 unless told. */
export function json(value: unknown, status = 200): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) }
}

/** Server-sent events, one JSON value each, as they come about: some milliseconds apart. */
export function events(values: readonly unknown[], milliseconds: number): Answer {
  async function* lines() {
    for (const value of values) {
      yield `data: ${JSON.stringify(value)}\n\n`
      await sleep(milliseconds)
    }
    yield 'data: [DONE]\n\n'
  }
  return { status: 200, headers: { 'content-type': 'text/event-stream' }, body: Readable.from(lines()) }
}

/** 400: a parameter is missing or wrong. */
export function invalid(message: string): DatabricksError {
  return new DatabricksError(400, 'INVALID_PARAMETER_VALUE', message)
}

/** 404: what was named is not there. */
export function absent(message: string): DatabricksError {
  return new DatabricksError(404, 'RESOURCE_DOES_NOT_EXIST', message)
}

/** 400: what was to be made is there. */
export function taken(message: string): DatabricksError {
  return new DatabricksError(400, 'RESOURCE_ALREADY_EXISTS', message)
}

/** 403: the caller's permission does not suffice. */
export function denied(message: string): DatabricksError {
  return new DatabricksError(403, 'PERMISSION_DENIED', message)
}

/** 404: there is no such API in this workspace. */
export function noSuchApi(method: string, path: string): DatabricksError {
  return new DatabricksError(404, 'ENDPOINT_NOT_FOUND', `No API found for '${method} ${path}'`)
}

/** The answer that an error of a handler becomes. */
export function answerTo(error: unknown): Answer {
  if (error instanceof DatabricksError) {
    const { status, headers, code, message } = error
    return { ...json({ error_code: code, message }, status), headers: { 'content-type': 'application/json', ...headers } }
  }
  if (error instanceof HtmlRefusal) {
    const title = `Error ${error.status} ${error.message}`
    const body = `<html>\n<head>\n<title>${title}</title>\n</head>\n<body><h2>HTTP ERROR ${error.status}</h2>\n<pre>    ${error.message}</pre></body>\n</html>\n`
    return { status: error.status, headers: { 'content-type': 'text/html;charset=utf-8' }, body }
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return json({ error_code: 'INTERNAL_ERROR', message }, 500)
}
