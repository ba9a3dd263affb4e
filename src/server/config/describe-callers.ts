import { nameRedis } from './config-redis.ts'
import type { Config } from './config-types.ts'
import { describeCredentials } from './describe-credentials.ts'
import { describeKeys, listOr, nameIssuer } from './describe-issuers.ts'
import type { IssuerSettings } from './issuer-settings.ts'

/** A label and what is said there. */
type Row = readonly [label: string, text: string]

/** Who may call, whose tokens prove it, and where their groups come from. */
export function describeCallers(config: Config): Row[] {
  const { sidecar, issuers, databricksTokens } = config.authentication
  const local = 'programs on this machine, without a token: each as the proxy itself'
  const label = sidecar === undefined ? 'callers' : 'tokens'
  const rows: (Row | null)[] = [
    sidecar === undefined ? null : ['callers', `${local}, ${describeCredentials(sidecar)}`],
    ...issuers.flatMap((settings): Row[] => [
      [label, describeTokens(settings)],
      ['issuer', describeKeys(settings)],
    ]),
    databricksTokens === undefined ? null : ['callers', `personal access tokens of the workspace ${databricksTokens}`],
    ['groups', describeGroups(config)],
    ...describeRequired(config),
    describeLogin(config),
  ]
  return rows.filter((row) => row !== null)
}

/** What tokens are accepted of an issuer, and what becomes of its groups. */
function describeTokens(settings: IssuerSettings): string {
  const { audiences, groupPrefix } = settings
  const meant = audiences.length === 0 ? '' : ` for ${listOr(audiences)}`
  const prefix = groupPrefix === '' ? '' : `, with ${groupPrefix} before their groups`
  const tokens = settings.kind === 'kubernetes' ? 'service account tokens' : 'access tokens'
  const asked =
    settings.kind === 'kubernetes' && settings.tokenReview !== undefined
      ? `, as long as ${settings.tokenReview.url} says that they hold`
      : ''
  return `${tokens} of ${nameIssuer(settings)}${meant}${prefix}${asked}`
}

function describeGroups({ authentication: { directory, graph } }: Config): string {
  const own = "the token's roles and groups"
  if (directory === 'none') return own
  const place = graph === undefined ? 'the Databricks workspace' : `${graph.url}, asked ${describeCredentials(graph.credentials)}`
  return `${own}; if it lists none or too many, those in ${place}`
}

function describeRequired({ requiredGroups = [], authentication: { issuers } }: Config): (Row | null)[] {
  const open = issuers.flatMap((settings) =>
    settings.kind === 'entra' && settings.guests === 'accept' ? [settings.tenantId] : [],
  )
  return [
    requiredGroups.length === 0 ? null : ['required', `every caller must be in ${requiredGroups.join(' and ')}`],
    open.length === 0 ? null : ['guests', `of tenant ${open.join(' and ')} are accepted`],
  ]
}

function describeLogin({ authentication: { login } }: Config): Row | null {
  if (login === undefined) return null
  const { publicUrl, clientId, clientSecretFile, cookieKeyFile, sessionHours, redis } = login
  const client = clientSecretFile === null ? 'a public client' : `with the secret in ${clientSecretFile}`
  const key = cookieKeyFile === null ? 'a key generated at start' : `the key in ${cookieKeyFile}`
  const place = redis === null ? 'in cookies' : `in ${nameRedis(redis)}${redis.tls ? '' : ' (without TLS)'}`
  return ['login', `at ${publicUrl}, as ${clientId} (${client}), for ${sessionHours} h, ${place}, sealed with ${key}`]
}
