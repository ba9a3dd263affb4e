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
import type { Audit } from '../observability/audit.ts'
import { newAuditRecord } from '../observability/audit-record.ts'
import { requestIdOf } from '../observability/request-ids.ts'
import { answerError } from './answer-error.ts'
import type { Connections } from './connections.ts'
import { checkMessage, limits } from './framing.ts'
import type { IngressOf } from './ingress.ts'
import { endAfter, ignoreRest, isEnding } from './last-answer.ts'
import type { Routing } from './routing.ts'
import { refuseUnreadable } from './unreadable-request.ts'

/** Time limits for clients in milliseconds: for a request's headers, without a byte of a body or answer, and between requests. */
export const clientTimeouts = { headers: 10_000, idle: 60_000, keepAlive: 65_000 } as const

export type Timeouts = { readonly [name in keyof typeof clientTimeouts]: number }

/** The parts of a server. */
export interface ServerParts {
  readonly log: Logger
  readonly timeouts?: Timeouts
}

/** Tells the address that a request means, of which the rest of the server knows nothing else. */
export type AddressOf = (message: IncomingMessage) => string

/** Called when a request begins. */
export type Note = (request: FastifyRequest, reply: FastifyReply) => void

type Constraints = NonNullable<NonNullable<FastifyServerOptions['routerOptions']>['constraints']>

/** Routes with a value for `name` only match requests for which that value is derived; a route without one matches all. */
function constraint(name: string, derive: (message: IncomingMessage) => string): Constraints[string] {
  return {
    name,
    storage: () => {
      const handlers = new Map()
      return { get: (value) => handlers.get(value) ?? null, set: (value, handler) => void handlers.set(value, handler) }
    },
    validate: () => undefined,
    deriveConstraint: derive,
  }
}

/** An application without routes, which refuses whatever no HTTP server should accept. It does not listen: a `ReloadableListener` does. `note` is called for requests that reach none of the hooks. */
export function createServer(
  { log }: ServerParts,
  connections: Connections,
  ingressOf: IngressOf,
  routing: Routing,
  note: Note,
  audit: Audit,
  addressOf: AddressOf,
): FastifyInstance {
  const constraints = {
    clientMode: constraint('clientMode', (message) => ingressOf(message).mode),
    servedBy: constraint('servedBy', (message) => routing.servedBy(message)),
  }
  // Fastify's own log lines are not needed: the audit line contains everything.
  const logger: FastifyBaseLogger = log.child({}, { level: log.isLevelEnabled('warn') ? 'warn' : log.level })
  const app = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    childLoggerFactory: (parent) => parent,
    genReqId: requestIdOf,
    requestIdHeader: false,
    clientErrorHandler: refuseUnreadable(audit, connections),
    frameworkErrors: (_error, request, reply) => {
      note(request, reply)
      refuseAddress(request, reply, ingressOf, connections)
    },
    rewriteUrl: addressOf,
    bodyLimit: limits.jsonBytes,
    routerOptions: { maxParamLength: limits.urlBytes, constraints },
    exposeHeadRoutes: false,
    return503OnClosing: false,
  })
  addLastAnswers(app, connections)
  // Node would answer `Expect` itself, without calling any hook.
  app.server.on('checkExpectation', (request, response) => app.routing(request, response))
  addExpectations(app)
  return app
}

/** Whether there is a body that has not been read completely; how much of it has arrived would reveal how long the answer took. */
function isUnread({ headers, readableEnded }: IncomingMessage): boolean {
  const { 'content-length': length = '0', 'transfer-encoding': coding } = headers
  return (length !== '0' || coding !== undefined) && !readableEnded
}

/** Bytes after a connection's last answer are not a request; an answer is the last if its request was not read completely. */
function addLastAnswers(app: FastifyInstance, connections: Connections): void {
  app.server.removeListener('request', app.routing)
  app.server.on('request', (request, response) => {
    // Even with `TE: chunked`: HTTP/1.0 has no chunks.
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

/** `Expect: 100-continue` is answered once the caller is authenticated, so that others do not send the body. */
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

/** An address that Fastify cannot parse reaches none of the hooks. */
function refuseAddress(request: FastifyRequest, reply: FastifyReply, ingressOf: IngressOf, connections: Connections): void {
  // It has none of the properties that the hooks set.
  request.browser = null
  request.ingress = ingressOf(request.raw)
  request.gone = connections.goneOf(request.raw, reply.raw)
  request.auditRecord = newAuditRecord(request.raw)
  reply.header('x-request-id', request.id)
  try {
    checkMessage(request.raw)
    throw new Refusal('malformed', 'The path has a malformed percent-encoding.')
  } catch (error) {
    endAfter(request.raw, reply.raw)
    answerError(error, reply, false)
  }
}
