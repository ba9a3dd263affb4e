import { withoutTrailing } from '../../policy/names/trailing.ts'
import type { CredentialsEntry } from './config-file.ts'
import type { OwnCredentials, TokenClient, UpstreamCredentials } from './config-types.ts'

/** What fills in what an entry leaves out. */
export interface CredentialDefaults {
  readonly tenantId: string
  readonly authority: string
  /** The workspace's URL, where the upstream is one. */
  readonly workspace: string
  /** The scope of Microsoft Entra ID's tokens. */
  readonly scope: string
  readonly env: NodeJS.ProcessEnv
}

/** A virtual machine's metadata service. */
const machineEndpoint = 'http://169.254.169.254/metadata/identity/oauth2/token'

/** What Azure's workload identity tells a pod, and what it tells a container app; an empty variable counts as unset. */
export function azureVariables(env: NodeJS.ProcessEnv) {
  const of = (name: string) => env[name] || undefined
  return {
    tokenFile: of('AZURE_FEDERATED_TOKEN_FILE'),
    clientId: of('AZURE_CLIENT_ID'),
    tenantId: of('AZURE_TENANT_ID'),
    authority: of('AZURE_AUTHORITY_HOST'),
    endpoint: of('IDENTITY_ENDPOINT'),
    header: of('IDENTITY_HEADER'),
  }
}

/** Where a workload identity's assertion comes from; undefined: the machine is asked instead. */
export function projectedToken({ tokenFile }: CredentialsEntry, env: NodeJS.ProcessEnv): string | undefined {
  return tokenFile ?? azureVariables(env).tokenFile
}

/** Where the proxy's own application gets tokens. */
function entraClient(entry: CredentialsEntry, tenantId: string, authority: string, scope: string) {
  const tokenUrl = `${withoutTrailing(authority, '/')}/${tenantId.toLowerCase()}/oauth2/v2.0/token`
  return { issuer: 'entra', tokenUrl, clientId: entry.clientId ?? null, scope: entry.scope ?? scope } as const
}

function databricksClient(entry: CredentialsEntry, workspace: string) {
  const tokenUrl = `${new URL(workspace).origin}/oidc/v1/token`
  return { issuer: 'databricks', tokenUrl, clientId: entry.clientId ?? null, scope: entry.scope ?? 'all-apis' } as const
}

function proofOf({ clientSecretFile, certificateFile }: CredentialsEntry, tokenFile: string | undefined): Partial<TokenClient> {
  if (clientSecretFile !== undefined) return { clientSecretFile }
  if (certificateFile !== undefined) return { certificateFile }
  return tokenFile === undefined ? {} : { tokenFile }
}

function completeWorkload(entry: CredentialsEntry, defaults: CredentialDefaults): UpstreamCredentials {
  const given = azureVariables(defaults.env)
  const tokenFile = projectedToken(entry, defaults.env)
  const mode = 'workloadIdentity'
  if (entry.issuer === 'databricks') return { mode, ...databricksClient(entry, defaults.workspace), ...proofOf(entry, tokenFile) }
  const clientId = entry.clientId ?? given.clientId
  const named = clientId === undefined ? entry : { ...entry, clientId }
  if (tokenFile !== undefined) {
    const tenantId = entry.tenantId ?? given.tenantId ?? defaults.tenantId
    return { mode, ...entraClient(named, tenantId, given.authority ?? defaults.authority, defaults.scope), tokenFile }
  }
  const resource = (entry.scope ?? defaults.scope).replace(/\/\.default$/, '')
  const { endpoint = machineEndpoint, header: secret = null } = given
  return { mode: 'managedIdentity', endpoint, secret, clientId: clientId ?? null, resource }
}

/** Credentials as the file and the environment mean them. */
export function completeCredentials(entry: CredentialsEntry, defaults: CredentialDefaults): UpstreamCredentials {
  const { mode, file = '', issuer } = entry
  if (mode === 'token') return { mode, file }
  if (mode === 'basic') return { mode, username: entry.username ?? '', passwordFile: entry.passwordFile ?? '' }
  if (mode === 'none' || mode === 'passthrough') return { mode }
  if (mode === 'workloadIdentity') return completeWorkload(entry, defaults)
  if (issuer === 'databricks') return { mode, ...databricksClient(entry, defaults.workspace), ...proofOf(entry, undefined) }
  const tokenFile = mode === 'onBehalfOf' ? projectedToken(entry, defaults.env) : undefined
  const tenantId = entry.tenantId ?? defaults.tenantId
  return { mode, ...entraClient(entry, tenantId, defaults.authority, defaults.scope), ...proofOf(entry, tokenFile) }
}

/** The same for a process whose callers are all who it is itself; null for credentials that are nobody's own. */
export function completeOwn(entry: CredentialsEntry, defaults: CredentialDefaults): OwnCredentials | null {
  const completed = completeCredentials(entry, defaults)
  const { mode } = completed
  return mode === 'none' || mode === 'passthrough' || mode === 'basic' || mode === 'onBehalfOf' ? null : completed
}
