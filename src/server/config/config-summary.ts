import { usesCatalog } from '../../policy/environments/environment.ts'
import { describeAudit } from './config-audit.ts'
import type { Config } from './config-types.ts'
import { findWarnings } from './config-warnings.ts'
import { describeCallers } from './describe-callers.ts'
import { describeCredentials } from './describe-credentials.ts'
import { describeEnvironment } from './describe-environment.ts'
import { describeKeys, listOr, nameIssuer } from './describe-issuers.ts'
import { type ShareKind, shareKinds } from './limit-settings.ts'
import { proxyFor } from './proxy-settings.ts'
import { row } from './summary-row.ts'
import { showTimeouts } from './upstream-timeouts.ts'

/** What the configuration means, in words: addresses, upstream, callers, then each environment, then what deserves a second look. */
export function describeConfig(config: Config): string {
  const warnings = findWarnings(config)
  const paragraphs = [
    describeServer(config),
    ...config.environments.map((environment) => describeEnvironment(environment, config)),
    ...(warnings.length === 0 ? [] : [['Worth a second look', ...warnings.map((warning) => `  - ${warning}`)]]),
  ]
  return `${paragraphs.map((lines) => lines.join('\n')).join('\n\n')}\n`
}

/** The address as a URL, for people. */
function showAddress({ host, port }: { readonly host: string; readonly port: number }, scheme = 'http'): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

function describeListener({ listen }: Config): string {
  return listen.socket === undefined
    ? `${showAddress(listen, schemeOf(listen))}${listen.basePath} (MLFLOW_TRACKING_URI)`
    : `the Unix socket ${listen.socket}`
}

const schemeOf = ({ tls }: Config['listen']) => (tls === undefined ? 'http' : 'https')

function describeServer(config: Config): string[] {
  const unknown = config.unknownFields === 'refuse' ? 'are refused' : 'are passed on, unless their name suggests a reference'
  return [
    'The proxy',
    row('clients', describeListener(config)),
    ...describeDatabricksHost(config),
    row(
      'operators',
      `${showAddress(config.admin)} (/livez, /readyz, /metrics${config.admin.statusPage === 'none' ? '' : ', /status'})`,
    ),
    row('upstream', `${describeKind(config)} at ${config.upstream.url}, ${describeCredentials(config.upstream.credentials)}`),
    ...describeOutbound(config),
    ...describeRates(config),
    ...describeStorage(config),
    row(
      'names',
      config.foldsCase ? 'compared without case and accents, as the upstream may do' : 'compared exactly, case included',
    ),
    ...describeCallers(config).map(([label, text]) => row(label, text)),
    row('page keys', config.paging.keyFile === null ? 'generated at start' : `from ${config.paging.keyFile}`),
    row('requests', `fields that no supported MLflow version has ${unknown}`),
    ...(config.workers === 1
      ? []
      : [row('processes', `${config.workers} workers, which have the memory and the shares together`)]),
    ...describeLimits(config),
    row(
      'stopping',
      `on SIGTERM not ready at once, listens for another ${config.shutdown.drainSeconds} s, finishes within ${config.shutdown.finishSeconds} s`,
    ),
    row('audit', describeAudit(config.audit)),
    row('log', `level ${config.log.level}`),
    ...choice(config),
  ]
}

function describeKind(config: Config): string {
  if (config.upstream.kind !== 'databricks') return 'MLflow'
  return usesCatalog(config) ? 'the Databricks workspace, with models in Unity Catalog,' : 'the Databricks workspace'
}

function describeDatabricksHost({ databricksHost, listen }: Config): string[] {
  if (databricksHost === undefined) return []
  const { listen: own, hostNames } = databricksHost
  const ports = [listen, ...(own === null ? [] : [own])].map(({ port }) => String(port))
  return [
    ...(own === null
      ? []
      : [row('databricks', `${showAddress(own, schemeOf(listen))} (DATABRICKS_HOST, MLFLOW_TRACKING_URI=databricks)`)]),
    ...hostNames.map(({ name, environment }) =>
      row(
        'databricks',
        `host name ${name} on port ${listOr(ports)}, ${environment === undefined ? 'in their only environment' : `in ${environment}`}`,
      ),
    ),
  ]
}

function describeRates({ upstream: { rates } }: Config): string[] {
  if (rates === undefined) return []
  const { registry, searchRuns, experiments, logBatch, other } = rates
  return [
    row(
      'rates',
      `${registry} requests a second to the registry, ${searchRuns} searches of runs, ${experiments} on experiments, ${logBatch} batches, ${other} others`,
    ),
  ]
}

function describeLimits({ limits, upstream: { workers, timeouts } }: Config): string[] {
  const { memory, leastRate } = limits
  const share = (kind: ShareKind) => {
    const { principal, environment, everybody } = limits[kind]
    return `${kind} ${principal}, ${environment} and ${everybody}`
  }
  return [
    row('memory', `${Math.round(memory / 2 ** 20)} MiB for what is read completely`),
    row('shares', `concurrent requests of a caller, an environment and everybody: ${shareKinds.map(share).join('; ')}`),
    ...(workers === undefined ? [] : [row('workers', `${workers} of MLflow, at most all but one of them for bytes`)]),
    ...(timeouts === undefined ? [] : [row('timeouts', showTimeouts(timeouts))]),
    row('slow', leastRate === 0 ? 'no minimum rate for clients' : `clients below ${leastRate} bytes a second are disconnected`),
  ]
}

function describeStorage({ upstream: { storageHosts = [] } }: Config): string[] {
  return storageHosts.length === 0 ? [] : [row('storage', `at ${listOr(storageHosts)}, in addition to Azure's own hosts`)]
}

function describeOutbound({ outbound, upstream, authentication }: Config): string[] {
  if (outbound === undefined) return []
  const issuers = authentication.issuers.map((settings, index): [string, string] => [
    index === 0 ? 'the issuer' : nameIssuer(settings),
    describeKeys(settings),
  ])
  const ways = [['MLflow', upstream.url] as const, ...issuers].map(([name, url]) => {
    const proxy = proxyFor(outbound, new URL(url))
    return `${name} ${proxy === null ? 'directly' : `through ${proxy.host}`}`
  })
  const authorities =
    outbound.caFile === null ? [] : [row('trusts', `the authorities in ${outbound.caFile}, in addition to the public ones`)]
  const isProxied = outbound.httpProxy !== null || outbound.httpsProxy !== null
  return [...authorities, ...(isProxied ? [row('reaches', ways.join(', '))] : [])]
}

function choice(config: Config): string[] {
  const [first] = config.environments
  if (first === undefined || config.environments.length < 2) return []
  return [
    row(
      'several',
      `a caller in several environments chooses with MLFLOW_TRACKING_URI=${showAddress(config.listen)}${config.listen.basePath}/env/${first.name}`,
    ),
  ]
}
