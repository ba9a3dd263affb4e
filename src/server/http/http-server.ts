import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
  LogController,
} from 'fastify'
import type { Logger } from 'pino'
import { Refusal } from '../../policy/reasons.ts'
import { newAuditRecord } from '../observability/audit-record.ts'
import { answerError } from './answer-error.ts'
import type { Connections } from './connections.ts'
import { checkMessage, limits, meantAddress } from './framing.ts'
import type { IngressOf } from './ingress.ts'
import { endAfter, ignoreRest, isEnding } from './last-answer.ts'
import { refuseUnreadable } from './unreadable-request.ts'

/** Milliseconds that clients get: to send a request's headers, without a byte of a body or answer, between requests. */
export const clientTimeouts = { headers: 10_000, idle: 60_000, keepAlive: 65_000 } as const

/** What a server is made of. */
export interface ServerParts {
  readonly log: Logger
  readonly timeouts?: { readonly [name in keyof typeof clientTimeouts]: number }
}

/** Hears of a request when it begins. */
export type Note = (request: FastifyRequest, reply: FastifyReply) => void

type Constraints = NonNullable<NonNullable<FastifyServerOptions['routerOptions']>['constraints']>

/** Routes of one mode are found by the requests of its clients alone; a route without a mode by all. */
function modeConstraint(ingressOf: IngressOf): Constraints[string] {
  return {
    name: 'clientMode',
    storage: () => {
      const handlers = new Map()
      return { get: (mode) => handlers.get(mode) ?? null, set: (mode, handler) => void handlers.set(mode, handler) }
    },
    validate: () => undefined,
    deriveConstraint: (message) => ingressOf(message).mode,
  }
}

/** A server without routes, which refuses what no HTTP server should take. `note` hears of requests that pass none of the hooks. */
export function createServer(
  { log, timeouts = clientTimeouts }: ServerParts,
  connections: Connections,
  ingressOf: IngressOf,
  note: Note,
): FastifyInstance {
  // Fastify's own information is not wanted: the audit line says what there is to say.
  const logger: FastifyBaseLogger = log.child({}, { level: log.isLevelEnabled('warn') ? 'warn' : log.level })
  const app = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    childLoggerFactory: (parent) => parent,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    clientErrorHandler: refuseUnreadable(log, connections),
    frameworkErrors: (_error, request, reply) => {
      note(request, reply)
      request.ingress = ingressOf(request.raw)
      request.gone = connections.goneOf(request.raw, reply.raw)
      refuseAddress(request, reply)
    },
    rewriteUrl: meantAddress,
    bodyLimit: limits.jsonBytes,
    keepAliveTimeout: timeouts.keepAlive,
    routerOptions: { maxParamLength: limits.urlBytes, constraints: { clientMode: modeConstraint(ingressOf) } },
    http: {
      // Node refuses from this size on, and we beyond it.
      maxHeaderSize: limits.headerBytes + 1,
      headersTimeout: timeouts.headers,
      requestTimeout: 0,
      connectionsCheckingInterval: Math.min(1_000, timeouts.headers),
      keepAlive: true,
      keepAliveInitialDelay: 15_000,
    },
    exposeHeadRoutes: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
  })
  connections.watch(app.server)
  addLastAnswers(app, connections)
  // Node would answer expectations itself, unseen by any hook.
  app.server.on('checkExpectation', (request, response) => app.routing(request, response))
  addExpectations(app)
  return app
}

/** Whether there is a body that has not been read to its end: how much of it has come would tell how long the answer took. */
function isUnread({ headers, readableEnded }: IncomingMessage): boolean {
  const { 'content-length': length = '0', 'transfer-encoding': coding } = headers
  return (length !== '0' || coding !== undefined) && !readableEnded
}

/** What comes behind the last answer of a connection is no request; an answer is the last where not all of its request was read. */
function addLastAnswers(app: FastifyInstance, connections: Connections): void {
  app.server.removeListener('request', app.routing)
  app.server.on('request', (request, response) => {
    // Even with a `TE: chunked`: HTTP/1.0 has no chunks.
    if (request.httpVersion === '1.0') response.useChunkedEncodingByDefault = false
    if (isEnding(request.socket)) ignoreRest(request.socket)
    else app.routing(request, response)
  })
  app.addHook('onSend', ({ raw }, reply, _payload, done) => {
    const last = connections.stopping || isUnread(raw) || isEnding(raw.socket) || reply.getHeader('connection') === 'close'
    if (last) endAfter(raw, reply.raw)
    done()
  })
}

/** Who asks whether a body is wanted is answered when it is known who asks: a refused one need not be sent. */
function addExpectations(app: FastifyInstance): void {
  const expecting = new WeakSet<IncomingMessage>()
  app.server.on('checkContinue', (request, response) => {
    expecting.add(request)
    app.routing(request, response)
  })
  app.addHook('preParsing', ({ raw }, reply, payload, done) => {
    if (expecting.delete(raw)) reply.raw.writeContinue()
    done(null, payload)
  })
}

/** An address that Fastify itself cannot read passes none of the hooks. */
function refuseAddress(request: FastifyRequest, reply: FastifyReply): void {
  request.auditRecord = newAuditRecord()
  reply.header('x-request-id', request.id)
  endAfter(request.raw, reply.raw)
  try {
    checkMessage(request.raw)
    throw new Refusal('malformed', 'The path has a malformed percent-encoding.')
  } catch (error) {
    answerError(error, reply, false)
  }
}
