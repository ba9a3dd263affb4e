import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Dispatcher } from 'undici'
import { Refusal } from '../../policy/reasons.ts'

/** Headers that are about a connection, and not about a request or answer. */
const ofConnection: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

function withoutConnection(headers: IncomingHttpHeaders): [name: string, value: string | string[]][] {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()))
  return Object.entries(headers).flatMap(([name, value]): [string, string | string[]][] =>
    value === undefined || ofConnection.has(name) || named.has(name) ? [] : [[name, value]],
  )
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** Where requests are passed to. */
export interface Target {
  readonly pool: Dispatcher
  /** In front of every path; '' for none. */
  readonly basePath: string
}

/**
 * Passes a request on as it is, with another Authorization header, and its answer back; both as streams. Returns the status. Rejects with
 * undici's error if there is no answer, or a part of one.
 */
export async function passOn(
  message: IncomingMessage,
  response: ServerResponse,
  { pool, basePath }: Target,
  authorization: string,
): Promise<number> {
  const { url = '', method = 'GET' } = message
  if (!url.startsWith('/')) throw new Refusal('malformed', 'The request has no path: begin it with a slash.')
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const answer = await pool.request({
    method: method as Dispatcher.HttpMethod,
    path: `${basePath}${url}`,
    headers: { ...Object.fromEntries(withoutConnection(message.headers)), authorization },
    body: hasBody(message) ? message : null,
    signal: gone.signal,
  })
  response.sendDate = false
  response.writeHead(answer.statusCode, Object.fromEntries(withoutConnection(answer.headers)))
  await pipeline(answer.body, response)
  return answer.statusCode
}
