import type { FastifyInstance } from 'fastify'
import { usesCatalog } from '../policy/environments/environment.ts'
import type { Authenticator } from './auth/authenticate.ts'
import { openDirectory } from './auth/databricks-directory.ts'
import { withDirectory } from './auth/directory.ts'
import type { Config } from './config/config-types.ts'
import { upstreamTimeouts } from './config/upstream-timeouts.ts'
import { AzureStorage } from './databricks/storage/databricks-store.ts'
import { CatalogRegistrar } from './databricks/unity-catalog-registrar.ts'
import { WorkspaceArtifacts } from './databricks/workspace-artifacts.ts'
import { addWorkspaceByteRoutes } from './databricks/workspace-byte-routes.ts'
import type { Clock } from './facts/clock.ts'
import { answerError } from './http/answer-error.ts'
import { addBodyParser } from './http/body-parser.ts'
import { Connections } from './http/connections.ts'
import { isPreflight, unknownAddress } from './http/framing.ts'
import { clientTimeouts, createServer, type Note, type ServerParts } from './http/http-server.ts'
import { addIdleTimeout } from './http/idle-timeout.ts'
import { findIngress, type Listener, modesOf } from './http/ingress.ts'
import { addLocalRoutes } from './http/local-routes.ts'
import { answerPreflight } from './http/preflight.ts'
import { addRequestHooks } from './http/request-hooks.ts'
import { addEntrance } from './http/ui-entrance.ts'
import { addScopes } from './http/unforeseen.ts'
import { addAdmission } from './limits/admission.ts'
import { addLeastRate } from './limits/least-rate.ts'
import { Limits } from './limits/request-limits.ts'
import { writeAudit } from './observability/audit.ts'
import type { Metrics } from './observability/metrics.ts'
import { addByteRoutes } from './pipeline/byte-routes.ts'
import { addGraphql } from './pipeline/graphql-route.ts'
import { addRoutes } from './pipeline/json-routes.ts'
import { addOtlpRoutes } from './pipeline/otlp-routes.ts'
import type { PageTokens } from './pipeline/page-tokens.ts'
import { Pipeline } from './pipeline/pipeline.ts'
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
}

/** What the ports share. */
interface Services {
  readonly authenticator: Authenticator
  readonly pipeline: Pipeline
  readonly limits: Limits
  /** The artifacts of a Databricks workspace; null where MLflow serves them itself. */
  readonly artifacts: WorkspaceArtifacts | null
  close(): Promise<void>
}

function openServices({ config, log, authenticator, upstream, tokens, metrics, clock }: Parts): Services {
  const limits = new Limits(config.limits)
  metrics.watch(limits)
  upstream.transport.hearWorkers((workers) => limits.noteWorkers(workers))
  const storage =
    config.kind === 'databricks'
      ? new AzureStorage(config.upstream.storageHosts, undefined, usesCatalog(config), config.outbound)
      : null
  const artifacts = storage === null ? null : new WorkspaceArtifacts(upstream, storage)
  const registrar = artifacts === null ? null : new CatalogRegistrar(upstream, artifacts, log)
  return {
    authenticator: withDirectory(authenticator, openDirectory(config, upstream)),
    pipeline: new Pipeline(config, upstream, tokens, artifacts, registrar, clock),
    limits,
    artifacts,
    close: async () => {
      await registrar?.close()
      await storage?.close()
    },
  }
}

/** One port for callers: the journey of a request in the order in which it happens. */
function buildApp(parts: Parts, listener: Listener, { authenticator, pipeline, limits, artifacts }: Services): FastifyInstance {
  const { config, log, upstream, metrics, connections = new Connections(), timeouts = clientTimeouts } = parts
  const note: Note = (request, reply) => {
    // Not Fastify's onResponse: it does not come for requests whose client goes away.
    reply.raw.once('close', () => {
      writeAudit(log, request, reply)
      metrics.count(request, reply)
    })
  }
  const ingressOf = findIngress(config, listener)
  const modes = modesOf(config, listener)
  const app = createServer(parts, connections, ingressOf, note)
  addScopes(app)
  app.addHook('onRequest', async (request, reply) => note(request, reply))
  addAdmission(app, limits)
  addRequestHooks(app, authenticator, ingressOf, connections)
  addIdleTimeout(app, timeouts.idle, (config.upstream.timeouts ?? upstreamTimeouts).model)
  addLeastRate(app, config.limits.leastRate)
  addBodyParser(app)
  addLocalRoutes(app, config, modes, upstream)
  for (const mode of modes) addRoutes(app, config, mode, pipeline)
  if (modes.includes('http')) addEntrance(app, config)
  if (config.kind === 'mlflow') addGraphql(app, config, pipeline)
  if (config.kind === 'mlflow') addOtlpRoutes(app, config, pipeline)
  app.decorateRequest('granted', null)
  app.decorateRequest('transfer', null)
  if (artifacts !== null) addWorkspaceByteRoutes(app, config, modes, pipeline, artifacts, timeouts.idle)
  addByteRoutes(app, config, modes, pipeline, upstream.transport, timeouts.idle)
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

/** The public side, as it is listened on and closed. */
export interface Apps {
  readonly listen: FastifyInstance
  /** The port for clients in Databricks mode; null where there is none. */
  readonly databricksHost: FastifyInstance | null
  /** Finishes what is in flight on both ports, then closes what they share. */
  close(): Promise<void>
}

/** Builds the ports for callers, which share all but their doors. */
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
