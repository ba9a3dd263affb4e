import { isIP } from 'node:net'

/** What is wrong with a base URL, or null. The text is not repeated: it may hold a password. */
export function findUrlProblem(text: string, example: string): string | null {
  const instead = `write for example ${example}`
  if (!/^https?:\/\//.test(text)) return `is not an absolute http or https URL; ${instead}`
  if (!URL.canParse(text) || !/^[!-~]+$/.test(text)) return `cannot be read as a URL; ${instead}`
  if (text.includes('@')) return 'must not contain a user name or password; write only the URL, and use upstream.credentials'
  if (/[?#]/.test(text)) return 'must not have a query or fragment; write only scheme, host, port and path'
  const { pathname } = new URL(text)
  const written = text.replace(/^https?:\/\/[^/]*/, '').replace(/\/$/, '')
  if (/[%\\]|\/\//.test(written) || written !== pathname.replace(/\/$/, '')) {
    return 'has a path with dot segments, double slashes, backslashes or percent signs; write the resolved path'
  }
  return null
}

/** What is wrong with the address of an issuer, or null. */
export function findAuthorityProblem(text: string): string | null {
  const problem = findUrlProblem(text, 'https://login.microsoftonline.com')
  if (problem !== null) return problem
  if (text.startsWith('https:') || isLoopback(new URL(text).hostname)) return null
  return 'is plain http, so anyone on the network could forge keys; write https (http is only for an issuer on loopback)'
}

/** Whether a host is this machine alone. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase()
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'))
}
