import { Refusal } from '../../policy/reasons.ts'

/** A login's cookie has room for a path of this many characters. */
const longest = 2_000

/** The path of the public URL, below which everything is; empty at the root. */
export function basePathOf(publicUrl: string): string {
  return new URL(publicUrl).pathname.replace(/\/$/, '')
}

/**
 * An address to come back to after a login: a path of this server, and none of the login's own. Throws Refusal 'malformed' for anything
 * that a browser could take to another server.
 */
export function readOwnPath(text: unknown, publicUrl: string): string {
  const { origin } = new URL(publicUrl)
  const base = basePathOf(publicUrl)
  if (text === undefined || text === '') return `${base}/`
  const isText = typeof text === 'string' && /^\/[\x21-\x5b\x5d-\x7e]*$/.test(text)
  const url = isText ? URL.parse(text, origin) : null
  // Also where dots are what becomes two slashes: `/.//example.com`.
  if (url?.origin !== origin || url.pathname.startsWith('//'))
    throw new Refusal('malformed', 'The address to open after the login is not a path of this server.')
  const path = `${url.pathname}${url.search}${url.hash}`
  if (path.length > longest)
    throw new Refusal('malformed', `The address to open after the login is longer than ${longest} bytes.`)
  // What else is on the host is not this server.
  return !url.pathname.startsWith(`${base}/`) || url.pathname.startsWith(`${base}/-/log`) ? `${base}/` : path
}
