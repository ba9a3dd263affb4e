import type { Environment } from '../../policy/environments/environment.ts'
import { findFoldedOverlaps } from '../../policy/environments/environment-overlaps.ts'
import { warnOfCallers } from './caller-warnings.ts'
import type { Config } from './config-types.ts'
import { databricksAudience } from './databricks-audience.ts'
import { isLoopback } from './url-checks.ts'

/** What is allowed, and yet may not be meant: one sentence each. */
export function findWarnings(config: Config): string[] {
  return [
    ...warnOfNetwork(config),
    ...warnOfSettings(config),
    ...warnOfCallers(config),
    ...warnOfGroups(config.environments),
    ...warnOfEnvironments(config),
  ]
}

function warnOfNetwork({ listen, databricksHost, admin, upstream, authentication }: Config): string[] {
  const warnings: string[] = []
  const ports = { 'listen.host': listen, 'databricksHost.listen.host': databricksHost?.listen }
  for (const [key, address] of Object.entries(ports)) {
    if (!address || listen.tls !== undefined || isLoopback(address.host)) continue
    warnings.push(
      `${key} ${address.host} is reachable from other machines, and tokens arrive in plain HTTP: write listen.tls, or put TLS in front of the proxy.`,
    )
  }
  if (databricksHost !== undefined) {
    warnings.push(
      'Clients in Databricks mode get signed URLs of the storage: whoever has one can read or write that file until it expires, without the proxy.',
    )
  }
  if (!isLoopback(admin.host)) {
    warnings.push(
      `admin.host ${admin.host} is reachable from other machines, without authentication: admit only probes and scrapers.`,
    )
  }
  const { protocol, hostname } = new URL(upstream.url)
  if (protocol === 'http:' && !isLoopback(hostname)) {
    warnings.push('upstream.url is plain http to another machine: use https, or make sure that nobody can eavesdrop.')
  }
  for (const settings of authentication.issuers) {
    if (settings.kind !== 'entra' || entraAuthorities.includes(settings.authority)) continue
    warnings.push(`The authority ${settings.authority} is not Microsoft's: whoever runs it decides who every caller is.`)
  }
  return warnings
}

const entraAuthorities = [
  'https://login.microsoftonline.com',
  'https://login.microsoftonline.us',
  'https://login.partner.microsoftonline.cn',
]

function warnOfSettings({ upstream, authentication, paging, unknownFields }: Config): string[] {
  const warnings: string[] = []
  if (upstream.credentials.mode === 'none') {
    warnings.push(
      'No credentials are configured for the upstream: whoever can reach it directly can bypass the proxy, so let only the proxy reach it.',
    )
  }
  const forDatabricks = authentication.issuers.some(({ audiences }) => audiences.includes(databricksAudience))
  if (forDatabricks && authentication.sidecar === undefined && upstream.credentials.mode !== 'passthrough') {
    warnings.push('Tokens for Databricks itself are accepted: any application that has one of a caller can also use it here.')
  }
  if (paging.keyFile === null) {
    warnings.push(
      'The key for page tokens is generated at start: replicas do not share it, and page tokens become invalid at a restart.',
    )
  }
  if (unknownFields === 'forward')
    warnings.push('Unknown request fields are forwarded: the proxy does not check what they mean to MLflow.')
  return warnings
}

function warnOfGroups(environments: readonly Environment[]): string[] {
  const everyone = ({ groups, administrators = [] }: Environment) => [...groups, ...administrators]
  const groups = [...new Set(environments.flatMap(everyone))]
  return groups.flatMap((group) => {
    const members = environments.filter((environment) => everyone(environment).includes(group))
    if (members.length < 2) return []
    const names = members.map(({ name }) => name).join(' and ')
    const mixed = members.some(({ production }) => production) && members.some(({ production }) => !production)
    return [
      `The group ${group} is in ${names}${mixed ? ', including production' : ''}: its callers must choose with /env/<name>, and may work in each of them.`,
    ]
  })
}

function warnOfEnvironments(config: Config): string[] {
  const { environments } = config
  const unmarked = environments.filter(({ name, production }) => !production && /^(prod|production|prd|live)$/.test(name))
  const clashes = findFoldedOverlaps(config)
  const sources = environments.filter(({ sourcePrefixes }) => sourcePrefixes.length > 0).map(({ name }) => name)
  return [
    ...unmarked.map(
      ({ name }) =>
        `${name} is not a production environment, so nothing there reaches Production: set production: true if it is one.`,
    ),
    ...clashes.map(
      ({ environment, against }) =>
        `${environment} and ${against ?? ''} differ only by case or accents: their names clash if the upstream's database does not tell them apart.`,
    ),
    ...warnOfServing(environments),
    ...(sources.length > 0
      ? [
          `The sourcePrefixes of ${sources.join(' and ')} must not contain MLflow's own artifact store: the proxy cannot know where that is.`,
        ]
      : []),
  ]
}

function warnOfServing(environments: readonly Environment[]): string[] {
  const scopes = [...new Set(environments.flatMap(({ servingSecretScopes = [] }) => servingSecretScopes))]
  const unlimited = environments.filter(
    ({ servingModels, servingLimits: { throughput, modelUnits, callsPerMinute, tokensPerMinute } = {} }) =>
      ((servingModels?.schemas.length ?? 0) > 0 && (throughput === undefined || modelUnits === undefined)) ||
      ((servingModels?.providers.length ?? 0) > 0 && callsPerMinute === undefined && tokensPerMinute === undefined),
  )
  return [
    ...scopes.flatMap((scope) => {
      const names = environments
        .filter(({ servingSecretScopes = [] }) => servingSecretScopes.includes(scope))
        .map(({ name }) => name)
      return names.length < 2
        ? []
        : [`The secret scope ${scope} is open to ${names.join(' and ')}: models served in one can read the secrets of the other.`]
    }),
    ...unlimited.map(
      ({ name }) =>
        `Callers of ${name} may serve models that are paid by use or by throughput, without a limit: set one in its servingLimits.`,
    ),
  ]
}
