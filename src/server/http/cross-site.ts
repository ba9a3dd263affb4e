import type { IncomingMessage } from 'node:http'
import { Refusal } from '../../policy/reasons.ts'

/** Whether the browser's `Origin` is the server itself. */
export function isSameHost(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase()
}

/** Whether the proxy's own page, or no page at all, sends the request. Browsers only tell https and loopback servers; others get the origin of changes. */
function isOwnPage({ method, headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  const changes = method !== 'GET' && method !== 'HEAD'
  return !changes || headers.origin === undefined || isSameHost(headers.origin, headers.host)
}

/**
 * Refuses changes with a login unless the browser says that the server's own page makes them. Unlike `checkSite`, silence does not do: the
 * browser added the cookie, so it was a browser, and all of them name the origin of changes.
 */
export function checkOwnChange({ method, headers }: IncomingMessage): void {
  if (method === 'GET' || method === 'HEAD') return
  const { origin, host, 'sec-fetch-site': site } = headers
  if (site === 'same-origin' || (site === undefined && origin !== undefined && isSameHost(origin, host))) return
  throw new Refusal('cross-site', 'With a login, only pages of this server itself may change anything. Programs use a token.')
}

/** A followed link shows the page only to the user. */
function isFollowedLink({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
}

/**
 * Refuses requests that another site's page makes a browser send with its user's credentials. This includes the requests of an HTML artifact
 * in its preview: a document without an origin.
 */
export function checkSite(message: IncomingMessage): void {
  if (isOwnPage(message) || isFollowedLink(message)) return
  throw new Refusal('cross-site', 'Only pages of this server itself may send requests to it. Open its address yourself.')
}
