import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { Refusal } from '../policy/reasons.ts'
import { addArrivalHooks } from './arrival.ts'
import { writeAudit } from './audit.ts'
import type { Authenticator } from './authenticate.ts'
import { addBodyParser } from './body.ts'
import { addByteRoutes } from './bytes.ts'
import type { Config } from './config-types.ts'
import { describeError } from './failure.ts'
import { limits } from './framing.ts'
import { Journey } from './journey.ts'
import type { Metrics } from './metrics.ts'
import type { PageTokens } from './page-tokens.ts'
import { sendFailure } from './respond.ts'
import { addRoutes, environmentPrefixes } from './routes.ts'
import { refuseUnreadable } from './unreadable.ts'
import type { Upstream } from './upstream.ts'
import { whoami } from './whoami.ts'

export interface Parts {
  readonly config: Config
  readonly log: Logger
  readonly authenticator: Authenticator
  readonly upstream: Upstream
  readonly tokens: PageTokens
  readonly metrics: Metrics
}

/** The public side: the journey of a request in the order in which it happens. */
export function buildApp({ config, log, authenticator, upstream, tokens, metrics }: Parts): FastifyInstance {
  const logger: FastifyBaseLogger = log
  const app = Fastify({
    loggerInstance: logger,
    disableRequestLogging: true,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    clientErrorHandler: refuseUnreadable,
    bodyLimit: limits.jsonBytes,
    routerOptions: { maxParamLength: limits.urlBytes },
    http: { maxHeaderSize: limits.headerBytes, headersTimeout: 10_000, requestTimeout: 0, keepAliveTimeout: 65_000 },
    exposeHeadRoutes: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
  })
  addArrivalHooks(app, authenticator)
  addBodyParser(app)
  const journey = new Journey(config, upstream, tokens)
  app.route({ method: ['GET', 'HEAD'], url: '/health', handler: async (_request, reply) => reply.type('text/plain').send('OK') })
  for (const base of environmentPrefixes) app.get(`${base}/-/whoami`, async (request) => whoami(config, request))
  addRoutes(app, config, journey)
  addByteRoutes(app, config, journey, upstream)
  app.setNotFoundHandler((request) => {
    throw new Refusal('unknown-endpoint', `There is no endpoint ${request.method} of this path here.`)
  })
  app.setErrorHandler((error, request, reply) => {
    const failure = describeError(error)
    if (failure.reason === 'internal') request.log.error({ err: error, requestId: request.id }, 'a request failed')
    return sendFailure(reply, failure)
  })
  app.addHook('onResponse', async (request, reply) => {
    writeAudit(log, request, reply)
    metrics.count(request, reply)
  })
  return app
}
