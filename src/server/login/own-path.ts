import { Refusal } from '../../policy/reasons.ts'

/** A login's cookie has room for a path of this many characters. */
const longest = 2_000

/**
 * An address to come back to after a login: a path of this server, and none of the login's own. Throws Refusal 'malformed' for anything
 * that a browser could take to another server.
 */
export function readOwnPath(text: unknown, publicUrl: string): string {
  if (text === undefined || text === '') return '/'
  const isPath = typeof text === 'string' && /^\/[\x21-\x5b\x5d-\x7e]*$/.test(text) && !text.startsWith('//')
  if (!isPath || !URL.canParse(text, publicUrl) || new URL(text, publicUrl).origin !== publicUrl) {
    throw new Refusal('malformed', 'The address to open after the login is not a path of this server.')
  }
  if (text.length > longest)
    throw new Refusal('malformed', `The address to open after the login is longer than ${longest} bytes.`)
  const { pathname, search, hash } = new URL(text, publicUrl)
  return /^\/-\/log/.test(pathname) ? '/' : `${pathname}${search}${hash}`
}
