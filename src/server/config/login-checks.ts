import type { ConfigFile } from './config-file.ts'
import type { Finding } from './config-problem.ts'
import { checkReadable } from './credential-checks.ts'
import { checkRedis } from './redis-checks.ts'
import { readKeyFile, readSecretFile } from './secret-file.ts'
import { findUrlProblem, isLoopback } from './url-checks.ts'

/** What the schema cannot say about the login in the browser. */
export function checkLogin({ listen, authentication: { mode, login, entra } }: ConfigFile): Finding[] {
  if (login === undefined) return []
  const path = ['authentication', 'login']
  if (mode === 'sidecar') return [{ path, message: 'is not for a sidecar, to which nobody logs in; leave it out' }]
  if (entra === undefined) return [{ path, message: 'needs a tenant to log in to; write authentication.entra, or leave it out' }]
  const problem = findPublicUrlProblem(login.publicUrl, listen.basePath)
  return [
    ...(problem === null ? [] : [{ path: [...path, 'publicUrl'], message: problem }]),
    ...checkReadable([...path, 'clientSecretFile'], readSecretFile, login.clientSecretFile),
    ...checkReadable([...path, 'cookieKeyFile'], readKeyFile, login.cookieKeyFile),
    ...checkRedis([...path, 'redis'], login),
  ]
}

function findPublicUrlProblem(text: string, basePath: string): string | null {
  const example = `https://mlflow.example.com${basePath}`
  const problem = findUrlProblem(text, example)
  if (problem !== null) return problem
  const { protocol, hostname, pathname } = new URL(text)
  if (pathname.replace(/\/$/, '') !== basePath) {
    const where = basePath === '' ? 'at the root of a host' : `below ${basePath} (listen.basePath)`
    return `has another path than the proxy, which is served ${where}; write for example ${example}`
  }
  if (protocol === 'https:' || isLoopback(hostname)) return null
  return 'is plain http, so browsers would not keep the cookies of a login; write https (http is only for loopback)'
}
