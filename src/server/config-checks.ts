import { isIP } from 'node:net'
import { credentialEntries } from './config-credentials.ts'
import type { ConfigFile } from './config-file.ts'
import type { Finding } from './config-problem.ts'
import { DatabricksDirectory } from './databricks-directory.ts'
import { checkKeyFile, checkSecretFile } from './secret-file.ts'

/** What the schema cannot say: about URLs, addresses and files. File paths in `file` are absolute. */
export function checkServerParts(file: ConfigFile): Finding[] {
  return [
    ...finding(['upstream', 'url'], findUrlProblem(file.upstream.url, 'http://127.0.0.1:5001')),
    ...finding(['upstream', 'url'], findLoop(file)),
    ...finding(['authentication', 'entra', 'authority'], findAuthorityProblem(file.authentication.entra.authority)),
    ...finding(['authentication', 'directory'], findDirectoryProblem(file)),
    ...finding(['admin'], findAddressClash(file)),
    ...credentialEntries(file).flatMap(({ path, credentials: { file: token, clientSecretFile: secret } }) => [
      ...finding([...path, 'file'], token === undefined ? null : checkSecretFile(token)),
      ...finding([...path, 'clientSecretFile'], secret === undefined ? null : checkSecretFile(secret)),
    ]),
    ...finding(['paging', 'keyFile'], file.paging.keyFile === null ? null : checkKeyFile(file.paging.keyFile)),
  ]
}

function finding(path: readonly string[], message: string | null): Finding[] {
  return message === null ? [] : [{ path, message }]
}

/** What is wrong with a base URL, or null. The text is not repeated: it may hold a password. */
function findUrlProblem(text: string, example: string): string | null {
  const instead = `write for example ${example}`
  if (!/^https?:\/\//.test(text)) return `is not an absolute http or https URL; ${instead}`
  if (!URL.canParse(text) || !/^[!-~]+$/.test(text)) return `cannot be read as a URL; ${instead}`
  if (text.includes('@')) return 'must not hold a user name or password; write the URL alone, and use upstream.credentials'
  if (/[?#]/.test(text)) return 'must not have a query or fragment; write scheme, host, port and path alone'
  const { pathname } = new URL(text)
  const written = text.replace(/^https?:\/\/[^/]*/, '').replace(/\/$/, '')
  if (/[%\\]|\/\//.test(written) || written !== pathname.replace(/\/$/, '')) {
    return 'has a path with dot segments, double slashes, backslashes or percent signs; write the path that it stands for'
  }
  return null
}

function findAuthorityProblem(text: string): string | null {
  const problem = findUrlProblem(text, 'https://login.microsoftonline.com')
  if (problem !== null) return problem
  if (text.startsWith('https:') || isLoopback(new URL(text).hostname)) return null
  return 'is plain http, so anybody on the way could forge keys; write https (http is only for an issuer on loopback)'
}

function findDirectoryProblem({ authentication: { directory, entra }, upstream }: ConfigFile): string | null {
  if (directory !== 'databricks') return null
  if (upstream.kind !== 'databricks')
    return 'is databricks, but the upstream is none; write upstream.kind: databricks, or leave it out'
  if (entra.audiences.includes(DatabricksDirectory.audience)) return null
  return `can only be asked with tokens for Databricks; add ${DatabricksDirectory.audience} to authentication.entra.audiences, or write none`
}

function findLoop({ listen, upstream }: ConfigFile): string | null {
  if (!URL.canParse(upstream.url)) return null
  const { hostname, port, protocol } = new URL(upstream.url)
  const upstreamPort = Number(port || (protocol === 'https:' ? 443 : 80))
  const same = hostname === listen.host || (isLoopback(hostname) && (isLoopback(listen.host) || isAnyAddress(listen.host)))
  if (!same || upstreamPort !== listen.port || listen.port === 0) return null
  return `is the proxy's own address (listen.port is ${listen.port}); write where MLflow answers`
}

function findAddressClash({ listen, admin }: ConfigFile): string | null {
  if (listen.port !== admin.port || listen.port === 0) return null
  if (listen.host !== admin.host && !isAnyAddress(listen.host) && !isAnyAddress(admin.host)) return null
  return `is the same address as listen (port ${listen.port}); write another port, for example 9464`
}

/** Whether a host is this machine alone. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase()
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'))
}

/** Whether a host stands for every network interface. */
export function isAnyAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}
