import { nameRedis, type RedisSettings, redisNodes } from './config-redis.ts'
import type { Config } from './config-types.ts'
import { nameIssuer } from './describe-issuers.ts'
import type { IssuerSettings } from './issuer-settings.ts'
import { namedGroups } from './named-groups.ts'
import { isLoopback } from './url-checks.ts'

/** What about callers and their groups is allowed, and yet may not be meant: one sentence each. */
export function warnOfCallers(config: Config): string[] {
  const { issuers, databricksTokens, login } = config.authentication
  return [
    ...warnOfDirectory(config),
    ...warnOfRequired(config),
    ...warnOfLikeGroups(issuers),
    ...issuers.flatMap((settings) =>
      settings.kind === 'databricks' && settings.audiences.length === 0
        ? [`Tokens of ${nameIssuer(settings)} are accepted: any application that has one of a caller can also use it here.`]
        : [],
    ),
    ...(databricksTokens === undefined
      ? []
      : [
          'Personal access tokens are accepted: they live long, and whoever is given one for the workspace can also use it here.',
        ]),
    ...warnOfRedis(login?.redis ?? null),
  ]
}

function warnOfRedis(redis: RedisSettings | null): string[] {
  if (redis === null || redis.tls || redisNodes(redis).every(({ host }) => isLoopback(host))) return []
  return [
    `The password of ${nameRedis(redis)} goes over the network as it is, and whoever changes what goes there can end logins: write rediss:// in authentication.login.redis.`,
  ]
}

function warnOfDirectory(config: Config): string[] {
  const { directory } = config.authentication
  if (directory === 'databricks')
    return [
      'Groups of the Databricks workspace are matched by name: whoever may create groups there decides who is in which environment.',
    ]
  const names = directory === 'graph' ? namedGroups(config) : []
  if (names.length === 0) return []
  return [
    `Security groups named ${names.join(', ')} are looked up by name at start: if more people may create groups in the tenant than may decide who is in which environment, write their object ids.`,
  ]
}

/** Whose required groups nobody looks up. */
function warnOfRequired({ requiredGroups = [], authentication: { issuers, directory, entra } }: Config): string[] {
  const until = 'whoever is taken out of it can work until their token expires'
  if (requiredGroups.length === 0) return []
  const required = `Required is ${requiredGroups.join(' and ')}`
  if (directory === 'none') return [`${required}: without a directory, ${until}.`]
  const unknown = issuers.filter(
    (settings) => settings.kind !== 'databricks' && !(settings.kind === 'entra' && settings.tenantId === entra?.tenantId),
  )
  return unknown.length === 0
    ? []
    : [`${required}: the directory does not have the callers of ${unknown.map(nameIssuer).join(' and ')}, of whom ${until}.`]
}

/** Issuers whose groups of one name are one group. Kubernetes' groups have names of their own. */
function warnOfLikeGroups(issuers: readonly IssuerSettings[]): string[] {
  const kinds = [issuers.filter(({ kind }) => kind === 'kubernetes'), issuers.filter(({ kind }) => kind !== 'kubernetes')]
  return kinds.flatMap((alike) => {
    const prefixes = [...new Set(alike.map(({ groupPrefix }) => groupPrefix))]
    return prefixes.flatMap((prefix) => {
      const same = alike.filter(({ groupPrefix }) => groupPrefix === prefix)
      if (same.length < 2) return []
      return [
        `Groups of ${same.map(nameIssuer).join(' and ')} count alike: whoever may name groups at one of them decides who is in the other's; give them groupPrefixes to tell them apart.`,
      ]
    })
  })
}
