import { isIP } from 'node:net'
import { checkCaFile } from './certificates.ts'
import { checkAudit } from './config-audit.ts'
import { credentialEntries } from './config-credentials.ts'
import type { ConfigFile } from './config-file.ts'
import { checkLimits } from './config-limits.ts'
import type { ConfigPath, Finding } from './config-problem.ts'
import { checkCredentialFiles, checkCredentials, checkReadable, checkTenant, ofSecret } from './credential-checks.ts'
import { databricksAudience } from './databricks-audience.ts'
import { checkIssuers } from './issuer-checks.ts'
import { checkKeyPair } from './key-pair.ts'
import { checkLogin } from './login-checks.ts'
import { readKeyFile } from './secret-file.ts'
import { findAuthorityProblem, findUrlProblem, isLoopback } from './url-checks.ts'

/** What the schema cannot say: about URLs, addresses and files. File paths in `file` are absolute. */
export function checkServerParts(file: ConfigFile, env: NodeJS.ProcessEnv): Finding[] {
  return [
    ...finding(['upstream', 'url'], findUrlProblem(file.upstream.url, 'http://127.0.0.1:5001')),
    ...finding(['upstream', 'url'], findLoop(file)),
    ...finding(
      ['authentication', 'entra', 'authority'],
      findAuthorityProblem(file.authentication.entra?.authority ?? 'https://unused'),
    ),
    ...checkTls(file),
    ...checkClientCertificate(file),
    ...checkWorkspaceCredentials(file),
    ...checkIssuers(file),
    ...checkDirectory(file),
    ...checkLogin(file),
    ...(file.listen.socket === undefined ? finding(['admin'], findAddressClash(file.admin, file.listen, 'listen', 'admin')) : []),
    ...checkDatabricksHost(file),
    ...checkSidecar(file),
    ...credentialEntries(file).flatMap(({ path, credentials }) => [
      ...checkCredentialFiles(path, credentials),
      ...checkCredentials(path, credentials, file.upstream.kind, env),
      ...(file.authentication.entra === undefined ? checkTenant(path, credentials, env) : []),
    ]),
    ...ofSecret(['tls', 'caFile'], file.tls.caFile === null ? null : checkCaFile(file.tls.caFile, Date.now())),
    ...checkLimits(file),
    ...checkTrustedProxies(file),
    ...checkAudit(file.audit),
    ...checkReadable(['paging', 'keyFile'], readKeyFile, file.paging.keyFile ?? undefined),
  ]
}

function finding(path: ConfigPath, message: string | null): Finding[] {
  return message === null ? [] : [{ path, message }]
}

function checkTls({ listen: { tls, socket } }: ConfigFile): Finding[] {
  if (tls === undefined) return []
  const path = ['listen', 'tls']
  const local = socket === undefined ? null : 'is not for a Unix socket, which never leaves the machine; leave it out'
  return [...finding(path, local), ...ofSecret(path, checkKeyPair(tls, Date.now()))]
}

function checkClientCertificate({ upstream: { url, clientCertificate } }: ConfigFile): Finding[] {
  if (clientCertificate === undefined) return []
  const path = ['upstream', 'clientCertificate']
  const isTls = !URL.canParse(url) || new URL(url).protocol === 'https:'
  const plain = isTls ? null : 'is only for an upstream with https; leave it out, or write https in upstream.url'
  return [...finding(path, plain), ...ofSecret(path, checkKeyPair(clientCertificate, Date.now()))]
}

/** A workspace lets nobody in without credentials, which only a program on this machine could add. */
function checkWorkspaceCredentials({ upstream, environments }: ConfigFile): Finding[] {
  const isNear = URL.canParse(upstream.url) && isLoopback(new URL(upstream.url).hostname)
  if (upstream.kind !== 'databricks' || isNear) return []
  const without = Object.entries(environments).flatMap(([name, { credentials = upstream.credentials }]) =>
    credentials.mode === 'none' ? [name] : [],
  )
  const remedy = 'write upstream.credentials, or credentials of its own, for example { mode: workloadIdentity }'
  return without.map((name) => ({
    path: ['environments', name],
    message: `has no credentials for the Databricks workspace; ${remedy}`,
    ofSecret: true,
  }))
}

function checkDirectory(file: ConfigFile): Finding[] {
  const { directory, graph } = file.authentication
  const unused = graph !== undefined && directory !== 'graph'
  return [
    ...finding(['authentication', 'directory'], findDirectoryProblem(file)),
    ...finding(
      ['authentication', 'graph'],
      unused ? 'is only for `directory: graph`; leave it out, or write directory: graph' : null,
    ),
    ...finding(['authentication', 'graph', 'url'], findGraphProblem(graph?.url)),
  ]
}

function findDirectoryProblem({ authentication: { directory, entra }, upstream }: ConfigFile): string | null {
  if (directory === 'graph' && entra === undefined) return 'is graph, but there is no tenant to ask about; write entra, or none'
  if (directory !== 'databricks') return null
  if (upstream.kind !== 'databricks')
    return 'is databricks, but the upstream is not; write upstream.kind: databricks, or leave it out'
  if (entra?.audiences.includes(databricksAudience)) return null
  return `works only with tokens for Databricks; add ${databricksAudience} to authentication.entra.audiences, or write none`
}

function findGraphProblem(url = 'https://graph.microsoft.com'): string | null {
  const problem = findAuthorityProblem(url)
  return problem === null && new URL(url).pathname !== '/' ? 'has a path; write only scheme, host and port' : problem
}

/** Whoever reaches a sidecar has its identity. */
function checkSidecar({ authentication: { mode, identity }, listen, databricksHost }: ConfigFile): Finding[] {
  if (mode !== 'sidecar') {
    const message = 'is only for `mode: sidecar`; leave it out, or write mode: sidecar'
    return identity === undefined ? [] : [{ path: ['authentication', 'identity'], message }]
  }
  const reached = 'would lend the identity of this process to other machines; write 127.0.0.1, or authentication.mode: bearer'
  return [
    ...finding(['listen', 'host'], isLoopback(listen.host) ? null : reached),
    ...finding(['databricksHost', 'listen', 'host'], isLoopback(databricksHost?.listen?.host ?? 'localhost') ? null : reached),
  ]
}

function checkTrustedProxies({ trustedProxies }: ConfigFile): Finding[] {
  return trustedProxies.flatMap((entry, index) => {
    const [address = '', prefix = '0'] = entry.split('/')
    const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
    const problem = `\`${entry}\` is not an address or a network; write for example 10.0.0.0/8`
    return finding(['trustedProxies', index], Number(prefix) <= bits ? null : problem)
  })
}

/** An address to listen on. */
type Address = Pick<ConfigFile['listen'], 'host' | 'port'>

function findLoop({ listen, upstream, databricksHost }: ConfigFile): string | null {
  if (!URL.canParse(upstream.url)) return null
  const { hostname, port, protocol } = new URL(upstream.url)
  const upstreamPort = Number(port || (protocol === 'https:' ? 443 : 80))
  const isOwn = (own: Address) => {
    const same = hostname === own.host || (isLoopback(hostname) && (isLoopback(own.host) || isAnyAddress(own.host)))
    return same && upstreamPort === own.port && own.port !== 0
  }
  const key =
    listen.socket === undefined && isOwn(listen)
      ? 'listen.port'
      : databricksHost?.listen && isOwn(databricksHost.listen)
        ? 'databricksHost.listen.port'
        : null
  return key === null ? null : `is the proxy's own address (${key} is ${upstreamPort}); write MLflow's address`
}

const freePorts = { admin: 9464, databricksHost: 5002 } as const

function findAddressClash(address: Address, other: Address, otherKey: string, key: keyof typeof freePorts): string | null {
  if (other.port !== address.port || address.port === 0) return null
  if (other.host !== address.host && !isAnyAddress(other.host) && !isAnyAddress(address.host)) return null
  return `is the same address as ${otherKey} (port ${other.port}); write another port, for example ${freePorts[key]}`
}

/** The listeners for clients in Databricks mode: there must be one, of its own, and each name stands for one thing. */
function checkDatabricksHost({ listen, admin, upstream, databricksHost, environments }: ConfigFile): Finding[] {
  if (databricksHost === undefined) return []
  const { listen: own, hostNames } = databricksHost
  const at = (...path: (string | number)[]) => ['databricksHost', ...path]
  const needsWorkspace = 'is only for a Databricks workspace; leave it out, or write upstream.kind: databricks'
  const needsDoor = 'has no listener; write listen, for example { port: 5002 }, or hostNames'
  return [
    ...finding(at(), upstream.kind === 'databricks' ? null : needsWorkspace),
    ...finding(at(), own === undefined && hostNames.length === 0 ? needsDoor : null),
    ...(own === undefined ? [] : finding(at('listen'), findAddressClash(own, listen, 'listen', 'databricksHost'))),
    ...(own === undefined ? [] : finding(at('listen'), findAddressClash(own, admin, 'admin', 'databricksHost'))),
    ...hostNames.flatMap(({ name, environment = null }, index) => [
      ...finding(
        at('hostNames', index, 'name'),
        hostNames.findIndex((other) => other.name === name) < index ? `\`${name}\` is listed twice; keep one` : null,
      ),
      ...finding(
        at('hostNames', index, 'environment'),
        environment === null || Object.hasOwn(environments, environment)
          ? null
          : `there is no environment \`${environment}\`; write one of ${Object.keys(environments).join(', ')}, or leave it out`,
      ),
    ]),
  ]
}

/** Whether a host stands for every network interface. */
function isAnyAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}
