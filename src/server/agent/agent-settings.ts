import { guid } from '../../policy/identity/guid.ts'
import { checkCaFile } from '../config/certificates.ts'
import { completeOwn, projectedToken } from '../config/complete-credentials.ts'
import type { CredentialsEntry } from '../config/config-file.ts'
import type { OwnCredentials } from '../config/config-types.ts'
import { checkCredentialFiles, checkCredentials } from '../config/credential-checks.ts'
import { type Outbound, readProxySettings } from '../config/proxy-settings.ts'
import { findAuthorityProblem, findUrlProblem, isLoopback } from '../config/url-checks.ts'

/** What the command line says. */
export interface AgentOptions {
  readonly to: string
  readonly listen: string
  readonly probes?: string
  readonly audience?: string
  readonly authority: string
  readonly tokenFile?: string
  readonly tenantId?: string
  readonly clientId?: string
  readonly clientSecretFile?: string
  readonly certificateFile?: string
  readonly federatedTokenFile?: string
  readonly caFile?: string
}

interface Address {
  readonly host: string
  readonly port: number
}

/** What an agent runs by. */
export interface AgentSettings {
  readonly to: URL
  readonly listen: Address
  /** Where the kubelet asks whether there is a token; null: nowhere. */
  readonly probes: Address | null
  readonly credentials: OwnCredentials
  readonly outbound: Outbound
}

/** The command line does not say what an agent needs: one sentence each. */
export class AgentProblem extends Error {}

function optionOf(key: string): string {
  return `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** The words of the configuration as those of the command line. */
function asOption(message: string): string {
  return message.replaceAll(/`?\b([a-z]+[A-Z][A-Za-z]*)(?:: ([^`]*)`)?/g, (_all, key: string, value?: string) =>
    value === undefined ? optionOf(key) : `${optionOf(key)} ${value}`,
  )
}

function readAddress(text: string, option: string, problems: string[]): Address {
  const [, host = '127.0.0.1', port = ''] = /^(?:(\[[0-9a-f:]+\]|[^:]+):)?([0-9]{1,5})$/i.exec(text) ?? []
  if (port === '' || Number(port) > 65_535)
    problems.push(`${option}: \`${text}\` is not an address; write for example 127.0.0.1:5000`)
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
}

function entryOf({ tokenFile, tenantId, clientId, clientSecretFile, certificateFile, federatedTokenFile }: AgentOptions) {
  if (tokenFile !== undefined) return { mode: 'token', file: tokenFile } as const
  const mode = clientSecretFile !== undefined || certificateFile !== undefined ? 'servicePrincipal' : 'workloadIdentity'
  const given = { tenantId, clientId, clientSecretFile, certificateFile, tokenFile: federatedTokenFile }
  const entry: CredentialsEntry = {
    mode,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  }
  return entry
}

function readIdentity(options: AgentOptions, env: NodeJS.ProcessEnv, problems: string[]): OwnCredentials | null {
  const entry = entryOf(options)
  const findings = [...checkCredentials([], entry, 'mlflow', env), ...checkCredentialFiles([], entry)]
  problems.push(...findings.map(({ path, message }) => `${optionOf(String(path[0]))}: ${asOption(message)}`))
  const { audience, authority, tenantId = env.AZURE_TENANT_ID ?? '' } = options
  if (entry.mode !== 'token' && audience === undefined)
    problems.push('--audience: is missing; name the application of the proxy, for example --audience api://mlflow-env-proxy')
  const needsTenant = entry.mode === 'servicePrincipal' || (entry.mode === 'workloadIdentity' && projectedToken(entry, env))
  if (needsTenant && !guid.test(tenantId)) problems.push('--tenant-id: write the GUID of the tenant, or set AZURE_TENANT_ID')
  const wrongAuthority = findAuthorityProblem(authority)
  if (wrongAuthority !== null) problems.push(`--authority: ${wrongAuthority}`)
  if (problems.length > 0) return null
  return completeOwn(entry, { tenantId, authority, workspace: '', scope: `${audience}/.default`, env })
}

/** Reads the command line and the environment. Throws AgentProblem with everything that is wrong. */
export function readAgentSettings(options: AgentOptions, env: NodeJS.ProcessEnv): AgentSettings {
  const problems: string[] = []
  const wrongUrl = findUrlProblem(options.to, 'https://mlflow-proxy.example.com')
  if (wrongUrl !== null) problems.push(`--to: ${wrongUrl}`)
  const listen = readAddress(options.listen, '--listen', problems)
  if (!isLoopback(listen.host))
    problems.push(`--listen: ${listen.host} would lend the agent's identity to other machines; write 127.0.0.1:${listen.port}`)
  const probes = options.probes === undefined ? null : readAddress(options.probes, '--probes', problems)
  const { settings, findings } = readProxySettings(env)
  problems.push(...findings.map(({ message }) => message))
  const wrongCa = options.caFile === undefined ? null : checkCaFile(options.caFile, Date.now())
  if (wrongCa !== null) problems.push(`--ca-file: ${wrongCa}`)
  const credentials = readIdentity(options, env, problems)
  if (problems.length > 0 || credentials === null) throw new AgentProblem(problems.join('\n'))
  return { to: new URL(options.to), listen, probes, credentials, outbound: { ...settings, caFile: options.caFile ?? null } }
}
