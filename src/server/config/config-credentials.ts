import { usesCatalog } from '../../policy/environments/environment.ts'
import { withoutTrailing } from '../../policy/names/trailing.ts'
import { type CredentialDefaults, completeCredentials, completeOwn } from './complete-credentials.ts'
import type { ConfigFile, CredentialsEntry } from './config-file.ts'
import { completeIssuers } from './config-issuers.ts'
import type { Config, OwnCredentials, UpstreamCredentials } from './config-types.ts'
import { databricksAudience } from './databricks-audience.ts'
import type { Outbound } from './proxy-settings.ts'

const databricksScope = `${databricksAudience}/.default`

/** Every place of the file that has credentials, with what is written there. */
export function credentialEntries(file: ConfigFile): { path: readonly string[]; credentials: CredentialsEntry }[] {
  const own = Object.entries(file.environments).flatMap(([name, { credentials }]) =>
    credentials === undefined ? [] : [{ path: ['environments', name, 'credentials'], credentials }],
  )
  const { identity, graph } = file.authentication
  return [
    { path: ['upstream', 'credentials'], credentials: file.upstream.credentials },
    ...own,
    ...(identity === undefined ? [] : [{ path: ['authentication', 'identity'], credentials: identity }]),
    ...(graph?.credentials === undefined
      ? []
      : [{ path: ['authentication', 'graph', 'credentials'], credentials: graph.credentials }]),
  ]
}

/** What fills in the credentials of a file. */
export function defaultsOf({ authentication: { entra }, upstream }: ConfigFile, env: NodeJS.ProcessEnv): CredentialDefaults {
  const { tenantId = '', authority = '' } = entra ?? {}
  return { tenantId, authority, workspace: upstream.url, scope: databricksScope, env }
}

/** Who every caller of a sidecar is: its tokens are for the proxy itself, and are verified like any caller's. Null: callers bring their own. */
export function completeSidecar(file: ConfigFile, env: NodeJS.ProcessEnv): OwnCredentials | null {
  const { mode, identity = { mode: 'workloadIdentity' } } = file.authentication
  if (mode !== 'sidecar') return null
  const [audience = ''] = completeIssuers(file).flatMap(({ audiences }) => audiences)
  return completeOwn(identity, { ...defaultsOf(file, env), scope: `${audience}/.default` })
}

/** The upstream as the file means it. */
export function completeUpstream(file: ConfigFile, outbound: Outbound | undefined, env: NodeJS.ProcessEnv): Config['upstream'] {
  const { url, kind, registry, credentials, rates, storageHosts, workers, timeouts, clientCertificate } = file.upstream
  const defaults = defaultsOf(file, env)
  const sidecar = completeSidecar(file, env)
  // A sidecar's callers have its own token: a new one is used for what is asked at the end of a long request.
  const complete = (entry: CredentialsEntry) =>
    entry.mode === 'passthrough' && sidecar !== null ? sidecar : completeCredentials(entry, defaults)
  const own = Object.entries(file.environments).flatMap(([name, entry]): [string, UpstreamCredentials][] =>
    entry.credentials === undefined ? [] : [[name, complete(entry.credentials)]],
  )
  const workspaces = Object.entries(file.environments).flatMap(([name, { workspace }]) =>
    workspace === undefined ? [] : [[name, workspace] as const],
  )
  return {
    url: withoutTrailing(url, '/'),
    kind,
    ...(usesCatalog({ kind, registry }) ? { registry } : {}),
    credentials: complete(credentials),
    ...(own.length === 0 ? {} : { credentialsOf: Object.fromEntries(own) }),
    ...(workspaces.length === 0 ? {} : { workspaces: Object.fromEntries(workspaces) }),
    ...(workers === undefined ? {} : { workers }),
    ...(outbound === undefined ? {} : { outbound }),
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    timeouts: {
      connect: timeouts.connectSeconds * 1_000,
      answer: timeouts.answerSeconds * 1_000,
      download: timeouts.downloadSeconds * 1_000,
      upload: timeouts.uploadSeconds * 1_000,
      model: timeouts.modelSeconds * 1_000,
      pause: timeouts.pauseSeconds * 1_000,
    },
    ...(kind === 'databricks' ? { rates, storageHosts: [...storageHosts] } : {}),
  }
}
