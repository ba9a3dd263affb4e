import type { Authenticator } from './auth/authenticate.ts'
import { configHash } from './config/config-hash.ts'
import type { Config } from './config/config-types.ts'
import { type OwnToken, openOwnToken } from './credentials/open-credentials.ts'
import type { WorkspaceArtifacts } from './databricks/workspace-artifacts.ts'
import type { Clock } from './facts/clock.ts'
import type { Connections } from './http/connections.ts'
import type { ServerParts } from './http/http-server.ts'
import type { Limits } from './limits/request-limits.ts'
import { type LoginParts, openLogin } from './login/login-parts.ts'
import { Audit, type AuditStream, auditInLog } from './observability/audit.ts'
import { clientAddresses } from './observability/client-address.ts'
import type { Metrics } from './observability/metrics.ts'
import { openPipeline } from './pipeline/open-pipeline.ts'
import type { PageTokens } from './pipeline/page-tokens.ts'
import type { Pipeline } from './pipeline/pipeline.ts'
import type { ProcessState } from './process-state.ts'
import type { Upstream } from './upstream/upstream.ts'

/** What one configuration's applications are made of. */
export interface Parts extends ServerParts {
  readonly config: Config
  readonly authenticator: Authenticator
  readonly upstream: Upstream
  readonly tokens: PageTokens
  readonly metrics: Metrics
  readonly connections: Connections
  /** Left out: the process's own. */
  readonly clock?: Clock
  readonly processState: ProcessState
  /** Left out: the log. */
  readonly audit?: AuditStream
}

/** Shared by all ports. */
export interface Services {
  readonly authenticator: Authenticator
  readonly sidecar: OwnToken | null
  readonly pipeline: Pipeline
  readonly limits: Limits
  readonly audit: Audit
  /** The artifacts of a Databricks workspace; null if MLflow serves them itself. */
  readonly artifacts: WorkspaceArtifacts | null
  /** How people log in with a browser; null if they do not. */
  readonly login: LoginParts | null
  /** Waits for work that goes on after its request was answered. */
  settled(): Promise<void>
  close(): Promise<void>
}

/** The token of the process itself, where it is every caller's. */
function openSidecar({ config: { authentication, outbound }, log }: Parts): OwnToken | null {
  const unavailable = 'The sidecar cannot get a token of its own at the moment. Try again shortly.'
  return authentication.sidecar === undefined ? null : openOwnToken(authentication.sidecar, { log, outbound, unavailable })
}

/** What operators hear of logins. */
function reportsOfLogins({ log, metrics }: Parts): Parameters<typeof openLogin>[3] {
  return {
    renewal: ({ problem }) => {
      metrics.countRenewal(problem)
      if (problem !== null) log.warn({ problem }, 'a login could not be renewed')
    },
    logout: ({ channel, outcome, requestId }) => {
      metrics.countIssuerLogout(channel, outcome)
      // Anybody may send one: it is worth a line, and no warning.
      if (outcome !== 'accepted') log.info({ channel, outcome, requestId }, 'a logout at the issuer does not count here')
    },
    store: ({ problem }) => {
      if (problem === null) log.info('Redis answers: logins can be looked up')
      else log.error({ problem }, 'Redis does not serve: logins cannot be looked up')
    },
  }
}

/** Opens what the ports share. */
export function openServices(parts: Parts): Services {
  const { config, authenticator, upstream, processState } = parts
  const { limits } = processState
  const stream = parts.audit ?? auditInLog(parts.log)
  const audit = new Audit(stream, {
    config,
    configHash: configHash(config),
    clientAddressOf: clientAddresses(config.trustedProxies),
  })
  upstream.transport.hearWorkers((workers) => limits.noteWorkers(workers))
  upstream.transport.onExchange((...exchange) => {
    parts.metrics.noteExchange(...exchange)
    processState.tracing?.noteExchange(...exchange)
  })
  const { close, ...pipeline } = openPipeline({ ...parts, promotions: processState.promotions, auditFailing: stream.failing })
  const login = openLogin(config, authenticator, processState.logins, reportsOfLogins(parts))
  const closeAll = async () => {
    await login?.close()
    await close()
  }
  return { authenticator, sidecar: openSidecar(parts), limits, audit, ...pipeline, login, close: closeAll }
}
