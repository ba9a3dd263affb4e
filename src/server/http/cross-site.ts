import type { IncomingMessage } from 'node:http'
import { Refusal } from '../../policy/reasons.ts'

/** Whether the origin that a browser names is the one that it asks. */
export function isSameHost(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase()
}

/** Whether a page of the proxy's own asks, or no page at all. Browsers say it to https and loopback; to others they name the origin of a change. */
function isOwnPage({ method, headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  const changes = method !== 'GET' && method !== 'HEAD'
  return !changes || headers.origin === undefined || isSameHost(headers.origin, headers.host)
}

/** A link that is followed shows its page to the person alone. */
function isFollowedLink({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
}

/**
 * Refuses what another site's page makes a browser send with the credentials of whoever looks at it. So is what an HTML artifact asks
 * for in its preview: a document without an origin.
 */
export function checkSite(message: IncomingMessage): void {
  if (isOwnPage(message) || isFollowedLink(message)) return
  throw new Refusal('cross-site', 'Only pages of this server itself may send requests to it. Open its address yourself.')
}
