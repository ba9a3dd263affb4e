import { serviceAccounts } from '../../policy/identity/kubernetes-claims.ts'
import type { ConfigFile } from './config-file.ts'
import { completeIssuers, personalWorkspace } from './config-issuers.ts'
import type { ConfigPath, Finding } from './config-problem.ts'
import { clip } from './config-sentences.ts'
import { checkReadable } from './credential-checks.ts'
import type { IssuerEntry } from './issuer-entry.ts'
import { addressesOf, type IssuerSettings } from './issuer-settings.ts'
import { readSecretFile } from './secret-file.ts'
import { findAuthorityProblem } from './url-checks.ts'

type Key = Exclude<keyof IssuerEntry, 'kind' | 'groupPrefix'>

/** What an issuer of each kind needs, with an example, and what it may have besides. */
const keysOf: Readonly<Record<IssuerEntry['kind'], { needs: Partial<Record<Key, string>>; may: readonly Key[] }>> = {
  entra: {
    needs: { tenantId: '11111111-2222-3333-4444-555555555555', audiences: '[api://mlflow-env-proxy]' },
    may: ['authority', 'guests'],
  },
  oidc: { needs: { issuer: 'https://keycloak.example.com/realms/ml', audiences: '[mlflow]' }, may: ['claims', 'keysUrl'] },
  kubernetes: {
    needs: { issuer: 'https://kubernetes.default.svc', audiences: '[mlflow]' },
    may: ['keysUrl', 'tokenFile', 'tokenReview'],
  },
  databricks: { needs: { workspace: 'https://adb-1234567890123456.7.azuredatabricks.net' }, may: ['audiences'] },
}
const allKeys: readonly Key[] = [
  'issuer',
  'workspace',
  'tenantId',
  'audiences',
  'claims',
  'keysUrl',
  'tokenFile',
  'tokenReview',
  'authority',
  'guests',
]

/** What the schema cannot say about issuers and personal access tokens. */
export function checkIssuers(file: ConfigFile): Finding[] {
  const { entra, issuers } = file.authentication
  if (entra === undefined && issuers.length === 0) {
    const message =
      'is missing; write for example `entra: { tenantId: 11111111-2222-3333-4444-555555555555, audiences: [api://mlflow-env-proxy] }`, or issuers'
    return [{ path: ['authentication', 'entra'], message }]
  }
  const findings = issuers.flatMap((entry, index) => checkIssuer(entry, ['authentication', 'issuers', index]))
  // What follows compares issuers that can be completed.
  return findings.length > 0 ? findings : [...compareIssuers(file), ...checkTokens(file)]
}

function checkIssuer(entry: IssuerEntry, at: ConfigPath): Finding[] {
  const { needs, may } = keysOf[entry.kind]
  const has = (key: Key) => entry[key] !== undefined
  const problem = (key: Key, message: string | null): Finding[] => (message === null ? [] : [{ path: [...at, key], message }])
  const kinds = (key: Key) =>
    Object.entries(keysOf)
      .filter(([, row]) => key in row.needs || row.may.includes(key))
      .map(([kind]) => `kind: ${kind}`)
      .join(' or ')
  const foreign = allKeys.filter((key) => has(key) && !(key in needs) && !may.includes(key))
  const urls = (['issuer', 'workspace', 'keysUrl', 'authority'] as const).filter((key) => !foreign.includes(key))
  return [
    ...foreign.flatMap((key) => problem(key, `is only for an issuer of ${kinds(key)}; leave it out`)),
    ...Object.entries(needs).flatMap(([key, example]) =>
      allKeys
        .filter((each) => each === key && !has(each))
        .flatMap((each) => problem(each, `is missing; write for example \`${each}: ${example}\``)),
    ),
    ...urls.flatMap((key) => problem(key, findUrlProblem(key, entry[key]))),
    ...(foreign.includes('tokenFile') ? [] : checkTokenFile([...at, 'tokenFile'], entry)),
    ...(foreign.includes('tokenReview') ? [] : checkTokenReview([...at, 'tokenReview'], entry)),
  ]
}

function findUrlProblem(key: string, url: string | undefined): string | null {
  if (url === undefined) return null
  const problem = findAuthorityProblem(url)
  if (problem !== null || key !== 'workspace' || new URL(url).pathname === '/') return problem
  return 'has a path; write only scheme, host and port'
}

/** The issuer's description could lead the token anywhere. */
function checkTokenFile(path: ConfigPath, { tokenFile, keysUrl }: IssuerEntry): Finding[] {
  if (tokenFile === undefined || keysUrl !== undefined) return checkReadable(path, readSecretFile, tokenFile)
  const message =
    'needs keysUrl, the only place where the token may be sent; write for example `keysUrl: https://kubernetes.default.svc/openid/v1/jwks`'
  return [{ path, message }]
}

function checkTokenReview(path: ConfigPath, { tokenReview }: IssuerEntry): Finding[] {
  if (tokenReview === undefined) return []
  const message = findUrlProblem('url', tokenReview.url)
  return [
    ...(message === null ? [] : [{ path: [...path, 'url'], message }]),
    ...checkReadable([...path, 'tokenFile'], readSecretFile, tokenReview.tokenFile),
  ]
}

/** Each token has one issuer, and each group can be told to be one issuer's. */
function compareIssuers(file: ConfigFile): Finding[] {
  const all = completeIssuers(file)
  const shift = file.authentication.entra === undefined ? 0 : 1
  return all.slice(shift).flatMap((settings, place): Finding[] => {
    const at = ['authentication', 'issuers', place]
    const earlier = all.slice(0, place + shift)
    const same = earlier.find((other) => addressesOf(other).some((address) => addressesOf(settings).includes(address)))
    const overlap = findOverlap(settings, earlier)
    return [
      ...(same === undefined
        ? []
        : [
            {
              path: at,
              message: `is the same issuer as another one (${clip(addressesOf(same).at(-1) ?? '')}); keep one of them`,
            },
          ]),
      ...(overlap === null ? [] : [{ path: [...at, 'groupPrefix'], message: overlap }]),
    ]
  })
}

/** Equal prefixes are for issuers that count alike; the beginning of another one is a mistake. */
function findOverlap({ kind, groupPrefix }: IssuerSettings, earlier: readonly IssuerSettings[]): string | null {
  if (groupPrefix === '') return null
  const others = [...earlier.map((other) => other.groupPrefix), ...(kind === 'kubernetes' ? [] : [serviceAccounts])]
  const overlap = others.find(
    (other) => other !== '' && other !== groupPrefix && (other.startsWith(groupPrefix) || groupPrefix.startsWith(other)),
  )
  return overlap === undefined
    ? null
    : `\`${groupPrefix}\` overlaps with \`${overlap}\`, so that a group could be taken for another issuer's; write one that neither begins with the other`
}

/** Personal access tokens are for one workspace, and go nowhere else. */
function checkTokens(file: ConfigFile): Finding[] {
  const { authentication, upstream, environments } = file
  const at = (message: string): Finding[] => [{ path: ['authentication', 'databricksTokens'], message }]
  if (!authentication.databricksTokens) return []
  const workspace = personalWorkspace(file)
  if (workspace === undefined)
    return at('needs a workspace to ask: the upstream, or exactly one issuer of kind: databricks; add one, or write false')
  const modes = [upstream.credentials, ...Object.values(environments).map(({ credentials }) => credentials)].map(
    (each) => each?.mode,
  )
  const [passed] = modes.filter((mode) => mode === 'onBehalfOf' || (mode === 'passthrough' && upstream.kind !== 'databricks'))
  return passed === undefined
    ? []
    : at(
        `would send callers' personal access tokens elsewhere (credentials with \`mode: ${passed}\`); write other credentials, or false`,
      )
}
