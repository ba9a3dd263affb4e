import type { IncomingMessage } from 'node:http'
import { Refusal } from '../../policy/reasons.ts'
import { distrust, isEnding } from './last-answer.ts'

/** Limits on what is read before a request is parsed, in bytes or counts (docs/how-it-decides.md). */
export const limits = {
  /** Including the address. */
  headerBytes: 32 * 1024,
  headerCount: 100,
  urlBytes: 16 * 1024,
  jsonBytes: 32 * 1024 * 1024,
  queryBodyBytes: 64 * 1024,
  graphqlBytes: 64 * 1024,
} as const

/** A hint for addresses that are probably a mistake. */
const trackingUri =
  "Check the tracking URI: it must be the proxy's address, with /env/<name> for callers in several environments, and nothing after it."

/** The methods that are served. */
export const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
const servedMethods: ReadonlySet<string> = new Set(methods)

/** Headers that may occur only once. */
const single: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'content-type',
  'content-encoding',
  'expect',
  'authorization',
])

function checkSingle(rawHeaders: readonly string[]): void {
  const seen = new Set<string>()
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? ''
    if (!single.has(name)) continue
    if (seen.has(name)) throw new Refusal('malformed', `The header '${name}' is given more than once.`)
    seen.add(name)
  }
}

/** Whether this is a CORS preflight. It has no token, and has no effect. */
export function isPreflight({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>): boolean {
  const { 'content-length': length = '0', 'transfer-encoding': coding } = headers
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined && length === '0' && coding === undefined
}

function checkFraming(message: IncomingMessage): void {
  if (message.httpVersion !== '1.1' && message.httpVersion !== '1.0')
    throw new Refusal('malformed', 'Only HTTP/1.1 and HTTP/1.0 are served.')
  if (!servedMethods.has(message.method ?? '') && !isPreflight(message))
    throw new Refusal('malformed', 'This HTTP method is not served.')
  if (message.rawHeaders.length > 2 * limits.headerCount)
    throw new Refusal('malformed', `More than ${limits.headerCount} header lines.`)
  checkSingle(message.rawHeaders)
  const { expect } = message.headers
  if (expect !== undefined && expect.toLowerCase() !== '100-continue')
    throw new Refusal('malformed', "The only expectation is '100-continue'.")
  const coding = message.headers['transfer-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    throw new Refusal('malformed', "The only transfer coding is 'chunked'.")
  if (coding !== undefined && message.headers['content-length'] !== undefined) {
    throw new Refusal('malformed', 'A request must not have both a Content-Length and a Transfer-Encoding.')
  }
  if (coding !== undefined && message.httpVersion === '1.0')
    throw new Refusal('malformed', 'A request of HTTP/1.0 must not have a Transfer-Encoding.')
  if (coding !== undefined && (message.method === 'GET' || message.method === 'HEAD')) {
    throw new Refusal('malformed', `A ${message.method} request must not have a chunked body.`)
  }
}

function withoutSecondSlash(path: string): string {
  return path.startsWith('//') && !path.startsWith('///') ? path.slice(1) : path
}

/**
 * The normalised address. Clients append a path with a leading slash to the tracking URI: if the URI ends with a slash, there are two
 * after the proxy's address or after `/env/<name>`. MLflow accepts or redirects them. Elsewhere a path has only one spelling.
 */
export function meantAddress({ url = '' }: Pick<IncomingMessage, 'url'>): string {
  const plain = withoutSecondSlash(url)
  const environment = /^\/env\/[^/?]+/.exec(plain)?.[0] ?? ''
  return environment + withoutSecondSlash(plain.slice(environment.length))
}

function checkTarget(target: string): void {
  if (target.length > limits.urlBytes) throw new Refusal('uri-too-long', `The address is longer than ${limits.urlBytes} bytes.`)
  const path = target.split('?', 1)[0] ?? ''
  if (!/^\/[\x21-\x7e]*$/.test(target))
    throw new Refusal('malformed', 'The request target must be a path of printable ASCII characters.')
  if (target.includes('#') || path.includes('//') || path.includes('\\'))
    throw new Refusal('malformed', `The path has an empty segment, a fragment or a backslash. ${trackingUri}`)
  if (/%(?:2f|5c|00)/i.test(path)) throw new Refusal('malformed', 'The path has an encoded slash, backslash or NUL.')
  const dotted = path.replace(/%2e/gi, '.').split('/')
  if (dotted.includes('.') || dotted.includes('..')) throw new Refusal('malformed', `The path has a dot segment. ${trackingUri}`)
}

/** The message for an address without a route. */
export function unknownAddress({ method, url = '' }: Pick<IncomingMessage, 'method' | 'url'>): Refusal {
  const isJoined = /^\/.*[^/]\/(?:ajax-)?api\/\d\.\d\//.test(url.replace(/^\/env\/[^/]+/, ''))
  return new Refusal(
    'unknown-endpoint',
    `There is no endpoint ${method} with this path here.${isJoined ? ` ${trackingUri}` : ''}`,
  )
}

/** Refuses whatever two HTTP parsers could read differently (request smuggling, path confusion), and everything after it. */
export function checkMessage(message: IncomingMessage): void {
  if (isEnding(message.socket))
    throw new Refusal('malformed', 'The request before this one could not be read. Open a new connection.')
  try {
    checkFraming(message)
    checkTarget(message.url ?? '')
    // HTTP/1.0 clients expect the connection to end, and an intermediary may read until then.
    if (message.httpVersion === '1.0') distrust(message.socket)
  } catch (error) {
    // The next request as Node parses it may have been a part of this one.
    distrust(message.socket)
    throw error
  }
}
