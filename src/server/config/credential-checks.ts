import { guid } from '../../policy/identity/guid.ts'
import { readClientCertificate } from './client-certificate.ts'
import { azureVariables, projectedToken } from './complete-credentials.ts'
import type { CredentialsEntry } from './config-file.ts'
import type { ConfigPath, Finding } from './config-problem.ts'
import { checkFile, readPasswordFile, readSecretFile } from './secret-file.ts'
import { findAuthorityProblem } from './url-checks.ts'

/** What keys of credentials the modes have that get tokens from an issuer. */
const keysOf = {
  servicePrincipal: ['clientSecretFile', 'certificateFile'],
  workloadIdentity: ['tokenFile'],
  onBehalfOf: ['clientSecretFile', 'certificateFile', 'tokenFile'],
} as const
const proofs = ['clientSecretFile', 'certificateFile', 'tokenFile'] as const

type Key = keyof CredentialsEntry
type Said = readonly [key: Key, message: string]

function isIssued(mode: CredentialsEntry['mode']): mode is keyof typeof keysOf {
  return Object.hasOwn(keysOf, mode)
}

const missing = (key: Key, example: string, or = ''): Said => [key, `is missing; write for example \`${key}: ${example}\`${or}`]

const exampleId = '66666666-7777-8888-9999-000000000000'

/** Keys of another mode, and more than one proof. */
function checkKeys(entry: CredentialsEntry, mode: keyof typeof keysOf): Said[] {
  const given = proofs.filter((key) => entry[key] !== undefined)
  const known: readonly Key[] = keysOf[mode]
  const foreign = given.filter((key) => !known.includes(key))
  const [first, ...others] = given.filter((key) => known.includes(key))
  return [
    ...foreign.map((key): Said => [key, `is not for \`mode: ${mode}\`; leave it out`]),
    ...others.map((key): Said => [key, `is one proof too many beside ${first}; keep one of them`]),
  ]
}

/** Databricks' own issuer takes secrets, and tokens that it exchanges. */
function checkDatabricks(entry: CredentialsEntry, kind: string, env: NodeJS.ProcessEnv): Said[] {
  if (kind !== 'databricks')
    return [['issuer', 'is only for a Databricks workspace; leave it out, or write upstream.kind: databricks']]
  const unknown: readonly Key[] = entry.mode === 'onBehalfOf' ? ['tenantId', ...proofs] : ['tenantId', 'certificateFile']
  const said = unknown
    .filter((key) => entry[key] !== undefined)
    .map((key): Said => [key, `is not for \`issuer: databricks\` with \`mode: ${entry.mode}\`; leave it out`])
  if (said.length > 0) return said
  if (entry.mode === 'servicePrincipal' && entry.clientSecretFile === undefined)
    return [missing('clientSecretFile', '/run/secrets/client-secret')]
  if (entry.mode === 'workloadIdentity' && projectedToken(entry, env) === undefined)
    return [missing('tokenFile', '/var/run/secrets/tokens/databricks')]
  return []
}

function checkEntra(entry: CredentialsEntry, env: NodeJS.ProcessEnv): Said[] {
  const given = azureVariables(env)
  const hasProof = entry.clientSecretFile !== undefined || entry.certificateFile !== undefined
  const projected = projectedToken(entry, env)
  if (entry.mode === 'workloadIdentity') return projected === undefined ? checkMachine(env) : checkPod(entry, env)
  const withId = entry.clientId === undefined ? [missing('clientId', exampleId)] : []
  if (hasProof || (entry.mode === 'onBehalfOf' && projected !== undefined)) return withId
  const or =
    entry.mode === 'onBehalfOf' && given.tokenFile === undefined ? ', certificateFile or tokenFile' : ', or certificateFile'
  return [...withId, missing('clientSecretFile', '/run/secrets/client-secret', or)]
}

/** What Azure's workload identity should have told the pod. */
function checkPod(entry: CredentialsEntry, env: NodeJS.ProcessEnv): Said[] {
  const { clientId, tenantId, authority } = azureVariables(env)
  const problem = authority === undefined ? null : findAuthorityProblem(authority)
  const isGuid = tenantId === undefined || entry.tenantId !== undefined || guid.test(tenantId)
  return [
    ...(entry.clientId === undefined && clientId === undefined
      ? [missing('clientId', exampleId, ', or have Azure’s workload identity set AZURE_CLIENT_ID')]
      : []),
    ...(problem === null ? [] : [['mode', `uses AZURE_AUTHORITY_HOST, which ${problem}`] as const]),
    ...(isGuid ? [] : [['mode', 'uses AZURE_TENANT_ID, which is not the GUID of one tenant; write tenantId'] as const]),
  ]
}

/** The endpoint comes from a variable, and is told a secret. */
function checkMachine(env: NodeJS.ProcessEnv): Said[] {
  const { endpoint, header } = azureVariables(env)
  if ((endpoint === undefined) !== (header === undefined))
    return [['mode', 'needs IDENTITY_ENDPOINT and IDENTITY_HEADER, of which only one is set; set both, or neither']]
  return endpoint === undefined || URL.canParse(endpoint)
    ? []
    : [['mode', 'uses IDENTITY_ENDPOINT, which is not a URL; unset it, or correct it']]
}

/** What the schema cannot say about credentials that an issuer gives tokens for. */
export function checkCredentials(
  path: readonly string[],
  entry: CredentialsEntry,
  kind: string,
  env: NodeJS.ProcessEnv,
): Finding[] {
  if (!isIssued(entry.mode)) return []
  const wrongKeys = checkKeys(entry, entry.mode)
  const said =
    wrongKeys.length > 0 ? wrongKeys : entry.issuer === 'databricks' ? checkDatabricks(entry, kind, env) : checkEntra(entry, env)
  return said.map(([key, message]) => ({ path: [...path, key], message }))
}

/** Credentials that name no tenant, where there is none for callers either: only a machine's identity knows its own. */
export function checkTenant(path: readonly string[], entry: CredentialsEntry, env: NodeJS.ProcessEnv): Finding[] {
  if (!isIssued(entry.mode) || entry.issuer === 'databricks' || entry.tenantId !== undefined) return []
  const isKnown = azureVariables(env).tenantId !== undefined || projectedToken(entry, env) === undefined
  if (entry.mode === 'workloadIdentity' && isKnown) return []
  const [key, message] = missing('tenantId', '11111111-2222-3333-4444-555555555555', ', or write authentication.entra')
  return [{ path: [...path, key], message }]
}

/** The problem with a file of the configuration, if it cannot be read. */
export function checkReadable(path: ConfigPath, read: (file: string) => unknown, file: string | undefined): Finding[] {
  return ofSecret(path, file === undefined ? null : checkFile(read, file))
}

/** The problem with the content of a file of secrets or certificates, if there is one. */
export function ofSecret(path: ConfigPath, message: string | null): Finding[] {
  return message === null ? [] : [{ path, message, ofSecret: true }]
}

/** The files of credentials that cannot be read, or hold something else. */
export function checkCredentialFiles(path: readonly string[], credentials: CredentialsEntry): Finding[] {
  return [
    ...checkReadable([...path, 'file'], readSecretFile, credentials.file),
    ...checkReadable([...path, 'passwordFile'], readPasswordFile, credentials.passwordFile),
    ...checkReadable([...path, 'clientSecretFile'], readSecretFile, credentials.clientSecretFile),
    ...checkReadable([...path, 'certificateFile'], readClientCertificate, credentials.certificateFile),
    ...checkReadable([...path, 'tokenFile'], readSecretFile, credentials.tokenFile),
  ]
}
