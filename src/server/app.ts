import type { FastifyInstance } from 'fastify'
import { serverKindOf } from '../policy/environments/environment.ts'
import type { Authenticator } from './auth/authenticate.ts'
import { configHash } from './config/config-hash.ts'
import type { Config } from './config/config-types.ts'
import { upstreamTimeouts } from './config/upstream-timeouts.ts'
import { type OwnToken, openOwnToken } from './credentials/open-credentials.ts'
import type { WorkspaceArtifacts } from './databricks/workspace-artifacts.ts'
import type { Clock } from './facts/clock.ts'
import { answerError } from './http/answer-error.ts'
import { addBodyParser } from './http/body-parser.ts'
import type { PageBar } from './http/browser.ts'
import { Connections } from './http/connections.ts'
import { isPreflight, unknownAddress } from './http/framing.ts'
import { clientTimeouts, createServer, type Note, type ServerParts } from './http/http-server.ts'
import { addIdleTimeout } from './http/idle-timeout.ts'
import { findIngress, type Listener, modesOf } from './http/ingress.ts'
import { addLocalRoutes } from './http/local-routes.ts'
import { answerPreflight } from './http/preflight.ts'
import { addRequestHooks } from './http/request-hooks.ts'
import { Routing } from './http/routing.ts'
import { addEntrance } from './http/ui-entrance.ts'
import { addScopes } from './http/unforeseen.ts'
import { addAdmission } from './limits/admission.ts'
import { addLeastRate } from './limits/least-rate.ts'
import { Limits } from './limits/request-limits.ts'
import { barOf } from './login/bar.ts'
import { type LoginParts, openLogin } from './login/login-parts.ts'
import { addLoginRoutes } from './login/login-routes.ts'
import { addPersonRoutes } from './login/person-routes.ts'
import { addTokenRoute } from './login/token-route.ts'
import { Audit, type AuditStream, auditInLog } from './observability/audit.ts'
import { clientAddresses } from './observability/client-address.ts'
import type { Metrics } from './observability/metrics.ts'
import { logRefusal } from './observability/refusal-log.ts'
import { addEndpointRoutes } from './pipeline/endpoint-routes.ts'
import { addGraphql } from './pipeline/graphql-route.ts'
import { openPipeline } from './pipeline/open-pipeline.ts'
import type { PageTokens } from './pipeline/page-tokens.ts'
import type { Pipeline } from './pipeline/pipeline.ts'
import { addStoredRoutes } from './pipeline/stored-routes.ts'
import { addStreamRoutes } from './pipeline/stream-routes.ts'
import type { Upstream } from './upstream/upstream.ts'

export interface Parts extends ServerParts {
  readonly config: Config
  readonly authenticator: Authenticator
  readonly upstream: Upstream
  readonly tokens: PageTokens
  readonly metrics: Metrics
  readonly connections?: Connections
  /** Left out: the process's own. */
  readonly clock?: Clock
  /** Left out: the log. */
  readonly audit?: AuditStream
}

/** Shared by all ports. */
interface Services {
  readonly authenticator: Authenticator
  readonly sidecar: OwnToken | null
  readonly pipeline: Pipeline
  readonly limits: Limits
  readonly audit: Audit
  /** The artifacts of a Databricks workspace; null if MLflow serves them itself. */
  readonly artifacts: WorkspaceArtifacts | null
  /** How people log in with a browser; null if they do not. */
  readonly login: LoginParts | null
  close(): Promise<void>
}

/** The token of the process itself, where it is every caller's. */
function openSidecar({ config: { authentication, outbound }, log }: Parts): OwnToken | null {
  const unavailable = 'The sidecar cannot get a token of its own at the moment. Try again shortly.'
  return authentication.sidecar === undefined ? null : openOwnToken(authentication.sidecar, { log, outbound, unavailable })
}

/** What operators hear of logins. */
function reportsOfLogins({ log, metrics }: Parts): Parameters<typeof openLogin>[2] {
  return {
    renewal: ({ problem }) => {
      metrics.countRenewal(problem)
      if (problem !== null) log.warn({ problem }, 'a login could not be renewed')
    },
    store: ({ problem }) => {
      if (problem === null) log.info('Redis answers: logins can be looked up')
      else log.error({ problem }, 'Redis does not serve: logins cannot be looked up')
    },
  }
}

function openServices(parts: Parts): Services {
  const { config, authenticator, upstream, metrics } = parts
  const limits = new Limits(config.limits)
  const { trustedProxies } = config
  const stream = parts.audit ?? auditInLog(parts.log)
  const audit = new Audit(stream, {
    config,
    configHash: configHash(config),
    clientAddressOf: clientAddresses(trustedProxies),
  })
  metrics.watch(limits)
  upstream.transport.hearWorkers((workers) => limits.noteWorkers(workers))
  const { close, ...pipeline } = openPipeline({ ...parts, auditFailing: stream.failing })
  const login = openLogin(config, authenticator, reportsOfLogins(parts))
  const closeAll = async () => {
    await login?.close()
    await close()
  }
  return { authenticator, sidecar: openSidecar(parts), limits, audit, ...pipeline, login, close: closeAll }
}

function addLogin(app: FastifyInstance, login: LoginParts): void {
  addLoginRoutes(app, login)
  addPersonRoutes(app, login)
  addTokenRoute(app, login)
}

/** One port for callers: the stages of a request, in order. */
function buildApp(
  parts: Parts,
  listener: Listener,
  { authenticator, sidecar, pipeline, limits, audit, artifacts, login: ownLogin }: Services,
): FastifyInstance {
  const { config, log, upstream, metrics, connections = new Connections(), timeouts = clientTimeouts } = parts
  const note: Note = (request, reply) => {
    // Not Fastify's onResponse, which is not called if the client disconnects.
    reply.raw.once('close', () => {
      audit.write(request, reply)
      logRefusal(log, request, reply)
      metrics.count(request, reply)
    })
  }
  const ingressOf = findIngress(config, listener)
  const modes = modesOf(config, listener)
  const routing = new Routing(serverKindOf(config), ingressOf)
  const app = createServer(parts, connections, ingressOf, routing, note, audit)
  addScopes(app)
  app.addHook('onRequest', (request, reply, done) => {
    note(request, reply)
    done()
  })
  addAdmission(app, limits)
  const login = listener === 'listen' ? ownLogin : null
  const bySocket = listener === 'listen' && config.listen.socket !== undefined
  const own = sidecar === null ? null : { token: sidecar, bySocket }
  addRequestHooks(app, authenticator, ingressOf, connections, own, login?.logins ?? null)
  addIdleTimeout(app, timeouts.idle, (config.upstream.timeouts ?? upstreamTimeouts).model)
  addLeastRate(app, config.limits.leastRate)
  addBodyParser(app)
  addLocalRoutes(app, config, modes, upstream)
  if (modes.includes('http')) addEntrance(app, config)
  if (login !== null) addLogin(app, login)
  if (config.kind === 'mlflow') addGraphql(app, config, pipeline)
  app.decorateRequest('granted', null)
  addEndpointRoutes(app, config, routing, pipeline)
  if (artifacts !== null) addStoredRoutes(app, routing, pipeline, artifacts, timeouts.idle)
  const bar: PageBar = (request) => (login === null ? null : barOf(config, request))
  addStreamRoutes(app, { config, routing, pipeline, transport: upstream.transport, bar, idle: timeouts.idle })
  app.setNotFoundHandler((request, reply) => {
    if (isPreflight(request.raw)) return answerPreflight(config, request, reply)
    throw unknownAddress(request.raw)
  })
  // Only what streams bytes may be sent again as it is.
  app.setErrorHandler((error, request, reply) => {
    const bytes = request.granted?.grant.endpoint.bytes
    return answerError(error, reply, bytes !== undefined && bytes !== 'both')
  })
  return app
}

/** The public listeners, to start and to close. */
export interface Apps {
  readonly listen: FastifyInstance
  /** The port for clients in Databricks mode; null if there is none. */
  readonly databricksHost: FastifyInstance | null
  /** Finishes requests in flight on both ports, then closes what they share. */
  close(): Promise<void>
}

/** Builds the ports for callers, which share everything but their listeners. */
export function buildApps(parts: Parts): Apps {
  const services = openServices(parts)
  const listen = buildApp(parts, 'listen', services)
  const databricksHost = parts.config.databricksHost?.listen ? buildApp(parts, 'databricksHost', services) : null
  const close = async () => {
    await Promise.all([listen.close(), databricksHost?.close()])
    await services.close()
  }
  return { listen, databricksHost, close }
}
