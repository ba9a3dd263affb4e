import type { IncomingMessage } from 'node:http'
import { Refusal } from '../policy/reasons.ts'
import { distrust, isEnding } from './http/last-answer.ts'

/** Limits on what is read before a request is understood, in bytes or counts (docs/how-it-decides.md). */
export const limits = {
  /** With the address. */
  headerBytes: 32 * 1024,
  headerCount: 100,
  urlBytes: 16 * 1024,
  jsonBytes: 32 * 1024 * 1024,
  queryBodyBytes: 64 * 1024,
  graphqlBytes: 64 * 1024,
} as const

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])

function count(rawHeaders: readonly string[], name: string): number {
  return rawHeaders.filter((header, index) => index % 2 === 0 && header.toLowerCase() === name).length
}

function checkFraming(message: IncomingMessage): void {
  if (message.httpVersion !== '1.1') throw new Refusal('malformed', 'Only HTTP/1.1 is served.')
  if (!methods.has(message.method ?? '')) throw new Refusal('malformed', 'This HTTP method is not served.')
  if (message.rawHeaders.length > 2 * limits.headerCount)
    throw new Refusal('malformed', `More than ${limits.headerCount} header lines.`)
  for (const single of [
    'host',
    'content-length',
    'transfer-encoding',
    'content-type',
    'content-encoding',
    'expect',
    'authorization',
  ]) {
    if (count(message.rawHeaders, single) > 1) throw new Refusal('malformed', `The header '${single}' is given more than once.`)
  }
  const { expect } = message.headers
  if (expect !== undefined && expect.toLowerCase() !== '100-continue')
    throw new Refusal('malformed', "The only expectation is '100-continue'.")
  const coding = message.headers['transfer-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    throw new Refusal('malformed', "The only transfer coding is 'chunked'.")
  if (coding !== undefined && message.headers['content-length'] !== undefined) {
    throw new Refusal('malformed', 'A request has a Content-Length or a Transfer-Encoding, not both.')
  }
  if (coding !== undefined && (message.method === 'GET' || message.method === 'HEAD')) {
    throw new Refusal('malformed', `A ${message.method} request must not have a chunked body.`)
  }
}

/** What of a message its first lines say. */
type MessageStart = Pick<IncomingMessage, 'method' | 'url' | 'headers'>

/**
 * The address that is meant: one of the UI's downloads may have two slashes before it, as with a tracking URI that ends with one. MLflow
 * redirects there. In the API no path has a second spelling.
 */
export function meantAddress({ method, url = '', headers }: MessageStart): string {
  const plain = (method === 'GET' || method === 'HEAD') && headers['content-length'] === undefined
  return plain && /^\/\/(?:model-versions\/)?get-artifact\?/.test(url) ? url.slice(1) : url
}

function checkTarget(target: string): void {
  if (target.length > limits.urlBytes) throw new Refusal('uri-too-long', `The address is longer than ${limits.urlBytes} bytes.`)
  const path = target.split('?', 1)[0] ?? ''
  if (!/^\/[\x21-\x7e]*$/.test(target))
    throw new Refusal('malformed', 'The request target must be a path of printable ASCII characters.')
  if (target.includes('#') || path.includes('//') || path.includes('\\')) {
    throw new Refusal('malformed', 'The path has an empty segment, a fragment or a backslash.')
  }
  if (/%(?:2f|5c|00)/i.test(path)) throw new Refusal('malformed', 'The path has an encoded slash, backslash or NUL.')
  const dotted = path.replace(/%2e/gi, '.').split('/')
  if (dotted.includes('.') || dotted.includes('..')) throw new Refusal('malformed', 'The path has a dot segment.')
}

/** Refuses what two HTTP parsers could read differently (facts: request smuggling, path confusion), and all that follows it. */
export function checkMessage(message: IncomingMessage): void {
  if (isEnding(message.socket)) throw new Refusal('malformed', 'The request before this one could not be read. Connect anew.')
  try {
    checkFraming(message)
    checkTarget(message.url ?? '')
  } catch (error) {
    // What Node then takes for the next request may have been a part of this one.
    distrust(message.socket)
    throw error
  }
}
