import httpProxy, { type FastifyHttpProxyOptions } from '@fastify/http-proxy'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { PolicyConfig } from '../../policy/environments/environment.ts'
import { answerError } from '../http/answer-error.ts'
import type { PageBar } from '../http/browser.ts'
import { conditionsOf } from '../http/conditions.ts'
import { methods } from '../http/framing.ts'
import type { AnyReply } from '../http/respond.ts'
import type { Routing, ServedBy } from '../http/routing.ts'
import { askWhich } from '../http/ui-entrance.ts'
import type { Transport } from '../upstream/transport.ts'
import { jsonForm } from './forms/json-form.ts'
import type { Pipeline } from './pipeline.ts'
import { ByteStream } from './strategies/byte-stream.ts'
import { answerHeaders, grantedOf, isRepeatable, keep, passOn } from './strategies/stream-answer.ts'
import { StreamDispatcher } from './streams/stream-dispatcher.ts'

/** Headers of the client's request that are sent upstream. */
const requestHeaders = ['content-type', 'content-length', 'transfer-encoding'] as const

type ReplyOptions = NonNullable<FastifyHttpProxyOptions['replyOptions']>
type Answered = NonNullable<ReplyOptions['onResponse']>
type RewriteHeaders = NonNullable<ReplyOptions['rewriteRequestHeaders']>

/** The headers that a granted request is sent with. */
const grantedHeaders: RewriteHeaders = (request, headers) => {
  const { grant, request: granted, headers: credentials } = grantedOf(request)
  const conditions = grant.endpoint.bytes === 'down' ? conditionsOf(headers, request.method) : {}
  if (granted.body === null) return { ...keep(headers, requestHeaders), ...conditions, ...credentials }
  // A rewritten body has its own length.
  const length = String(Buffer.byteLength(granted.body))
  return { 'content-type': 'application/json', 'content-length': length, ...credentials }
}

interface StreamParts {
  readonly config: PolicyConfig
  readonly routing: Routing
  readonly pipeline: Pipeline
  readonly transport: Transport
  readonly bar: PageBar
  /** Milliseconds. */
  readonly idle: number
}

/** The pool for a stream: calls to served models may take long. */
function dispatcherFor(servedBy: ServedBy, { pools, timeouts }: Transport): StreamDispatcher {
  const { download, upload, pause, model } = timeouts
  return servedBy === 'model streams'
    ? new StreamDispatcher(pools.models, { answer: ['model', model], upload: ['model', model], idle: ['model', model] })
    : new StreamDispatcher(pools.bytes, { answer: ['download', download], upload: ['upload', upload], idle: ['pause', pause] })
}

function proxyOptions(servedBy: ServedBy, { config, routing, pipeline, transport, bar, idle }: StreamParts) {
  const stream = new ByteStream(pipeline, transport, idle)
  const onResponse: Answered = (request, reply, answer) => void passOn(request, reply, answer, transport, bar)
  return {
    upstream: transport.origin,
    undici: dispatcherFor(servedBy, transport),
    httpMethods: [...methods],
    routes: ['/*'],
    constraints: { servedBy },
    // The target is the granted one, whatever the client's address is.
    preRewrite: () => '/',
    retryMethods: [],
    disableCache: true,
    disableRequestLogging: true,
    internalRewriteLocationHeader: false,
    replyOptions: {
      rewriteRequestHeaders: grantedHeaders,
      rewriteHeaders: (headers: Readonly<Record<string, unknown>>) => keep(headers, answerHeaders),
      onResponse,
      onError: (reply: AnyReply, { error }: { error: Error }) => {
        void answerError(error.cause ?? error, reply, isRepeatable(reply.request))
      },
    },
    handler: async (request: FastifyRequest, reply: FastifyReply, _destination: string, options: object) => {
      const endpoint = routing.open(request)
      if (endpoint.entrance === true && askWhich(config, request, reply)) return reply
      const granted = await pipeline.grant(endpoint, request, jsonForm.read)
      return stream.carryOut(granted, request, reply, options)
    },
  }
}

/**
 * The endpoints that carry bytes, streamed in both directions by @fastify/http-proxy, which sends only what was granted. The
 * artifacts of a Databricks workspace are served elsewhere.
 */
export function addStreamRoutes(app: FastifyInstance, parts: StreamParts): void {
  for (const servedBy of ['streams', 'model streams'] as const) app.register(httpProxy, proxyOptions(servedBy, parts))
}
