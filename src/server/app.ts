import type { FastifyInstance } from 'fastify'
import { serverKindOf } from '../policy/environments/environment.ts'
import type { Config } from './config/config-types.ts'
import { upstreamTimeouts } from './config/upstream-timeouts.ts'
import { answerError } from './http/answer-error.ts'
import { addBasePath, addressesBelow } from './http/base-path.ts'
import { addBodyParser } from './http/body-parser.ts'
import type { PageBar } from './http/browser.ts'
import { isPreflight, unknownAddress } from './http/framing.ts'
import { clientTimeouts, createServer, type Note } from './http/http-server.ts'
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
import { barOf } from './login/bar.ts'
import { addIssuerLogoutRoutes } from './login/issuer-logout-routes.ts'
import type { LoginParts } from './login/login-parts.ts'
import { addLoginRoutes } from './login/login-routes.ts'
import { addPersonRoutes } from './login/person-routes.ts'
import { addTokenRoute } from './login/token-route.ts'
import type { Audit } from './observability/audit.ts'
import { logRefusal } from './observability/refusal-log.ts'
import { addEndpointRoutes } from './pipeline/endpoint-routes.ts'
import { addGraphql } from './pipeline/graphql-route.ts'
import { addStoredRoutes } from './pipeline/stored-routes.ts'
import { addStreamRoutes } from './pipeline/stream-routes.ts'
import type { CopyParts } from './promotions/copy-version.ts'
import { addPromoteRoutes } from './promotions/promote-routes.ts'
import { openServices, type Parts, type Services } from './services.ts'

/** What is below `/-/` on the port for people and programs. */
function addOwnAddresses(app: FastifyInstance, parts: CopyParts, login: LoginParts | null): void {
  if (parts.config.promotions !== undefined) addPromoteRoutes(app, parts)
  if (login === null) return
  addLoginRoutes(app, login)
  addIssuerLogoutRoutes(app, login)
  addPersonRoutes(app, login)
  addTokenRoute(app, login)
}

/** Records a request when its answer has ended. */
function noteEnd({ log, metrics, processState: { refusals, tracing } }: Parts, audit: Audit): Note {
  return (request, reply) => {
    const traced = tracing === null ? null : tracing.begin(request)
    // Not Fastify's onResponse, which is not called if the client disconnects.
    reply.raw.once('close', () => {
      audit.write(request, reply)
      logRefusal(log, request, reply)
      metrics.count(request, reply)
      metrics.traffic.noteBytes(request.raw.socket, request.auditRecord)
      refusals?.note(request, reply)
      traced?.end(request, reply)
    })
  }
}

/** What is left when no route matched, and when one failed. */
function addEndings(app: FastifyInstance, config: Config): void {
  app.setNotFoundHandler((request, reply) => {
    if (isPreflight(request.raw)) return answerPreflight(config, request, reply)
    throw unknownAddress(request.raw)
  })
  // Only what streams bytes may be sent again as it is.
  app.setErrorHandler((error, request, reply) => {
    const bytes = request.granted?.grant.endpoint.bytes
    return answerError(error, reply, bytes !== undefined && bytes !== 'both')
  })
}

/** One port for callers: the stages of a request, in order. */
function buildApp(
  parts: Parts,
  listener: Listener,
  { authenticator, sidecar, pipeline, limits, audit, artifacts, login: ownLogin }: Services,
): FastifyInstance {
  const { config, upstream, connections, timeouts = clientTimeouts } = parts
  const { basePath } = config.listen
  const note = noteEnd(parts, audit)
  const ingressOf = findIngress(config, listener)
  const modes = modesOf(config, listener)
  const routing = new Routing(serverKindOf(config), ingressOf)
  const app = createServer(parts, connections, ingressOf, routing, note, audit, addressesBelow(basePath, ingressOf))
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
  addBasePath(app, basePath)
  addLocalRoutes(app, config, modes, upstream)
  if (modes.includes('http')) addEntrance(app, config, basePath)
  if (listener === 'listen') addOwnAddresses(app, { config, pipeline, upstream }, login)
  if (config.kind === 'mlflow') addGraphql(app, config, pipeline)
  app.decorateRequest('granted', null)
  addEndpointRoutes(app, config, routing, pipeline)
  if (artifacts !== null) addStoredRoutes(app, routing, pipeline, artifacts, timeouts.idle)
  const bar: PageBar = (request) => (login === null ? null : barOf(config, request))
  addStreamRoutes(app, { config, routing, pipeline, transport: upstream.transport, bar, idle: timeouts.idle })
  addEndings(app, config)
  return app
}

/** The applications behind the ports for callers, which are ready when `ready` resolves. */
export interface Apps {
  readonly listen: FastifyInstance
  /** The port for clients in Databricks mode; null if there is none. */
  readonly databricksHost: FastifyInstance | null
  ready(): Promise<void>
  /** Waits for work that goes on after its request was answered. */
  settled(): Promise<void>
  /** For when no request is in flight any more: closes them, and what they share. */
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
  const ready = async () => {
    await Promise.all([listen.ready(), databricksHost?.ready()])
  }
  return { listen, databricksHost, ready, settled: services.settled, close }
}
