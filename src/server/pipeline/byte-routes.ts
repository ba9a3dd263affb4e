import httpProxy, { type FastifyHttpProxyOptions } from '@fastify/http-proxy'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { OpenEndpoint } from '../../policy/endpoints/endpoint.ts'
import { endpointTable } from '../../policy/endpoints/endpoint-table.ts'
import { type ClientMode, type PolicyConfig, serverKindOf } from '../../policy/environments/environment.ts'
import { answerError } from '../http/answer-error.ts'
import { conditionsOf } from '../http/conditions.ts'
import type { AnyReply } from '../http/respond.ts'
import { askWhich } from '../http/ui-entrance.ts'
import type { Transport } from '../upstream/transport.ts'
import { answerHeaders, grantedOf, isRepeatable, keep, passOn } from './byte-answer.ts'
import { environmentPrefixes, fastifyPath, rawCallOf, requestContextOf } from './json-routes.ts'
import { modelBody, wholeBody } from './model-call.ts'
import type { Pipeline } from './pipeline.ts'
import { beginUpload, LastLook } from './streams/begin-upload.ts'
import { type Transfer, transfers } from './streams/transfer.ts'

/** Headers of the client's request that the upstream gets. */
const requestHeaders = ['content-type', 'content-length', 'transfer-encoding'] as const

type Answered = NonNullable<NonNullable<FastifyHttpProxyOptions['replyOptions']>['onResponse']>
type RewriteHeaders = NonNullable<NonNullable<FastifyHttpProxyOptions['replyOptions']>['rewriteRequestHeaders']>

function proxyOptions(endpoint: OpenEndpoint, config: PolicyConfig, pipeline: Pipeline, transport: Transport, idle: number) {
  const sendGranted: RewriteHeaders = (request, headers) => {
    const granted = grantedOf(request)
    const conditions = endpoint.bytes === 'down' ? conditionsOf(headers, request.method) : {}
    if (granted.request.body === null) return { ...keep(headers, requestHeaders), ...conditions, ...granted.headers }
    // A body that was written anew has its own length.
    const length = String(Buffer.byteLength(granted.request.body))
    return { 'content-type': 'application/json', 'content-length': length, ...granted.headers }
  }
  const onResponse: Answered = (request, reply, answer) => void passOn(request, reply, answer, transport)
  const isEntrance = endpoint.name === 'getUiPage'
  return {
    upstream: transport.origin,
    undici: endpoint.bytes === 'both' ? transport.models : transport.dispatcher,
    httpMethods: endpoint.method === 'GET' ? ['GET', 'HEAD'] : [endpoint.method],
    routes: [fastifyPath(endpoint.path, endpoint.multiSegment).slice(fixedPath(endpoint).length)],
    retryMethods: [],
    disableCache: true,
    disableRequestLogging: true,
    internalRewriteLocationHeader: false,
    preHandler: async (request: FastifyRequest, reply: FastifyReply) => {
      if (isEntrance && askWhich(config, request, reply)) return reply
      const requestContext = requestContextOf(config, endpoint.name, request)
      await request.admission.enter(endpoint.bytes === 'both' ? 'models' : 'bytes', requestContext)
      const raw = await rawCallOf(endpoint, request)
      const body = endpoint.opaque === true ? await wholeBody(request) : raw.body
      const grant = await pipeline.grant(requestContext, endpoint, { ...raw, body })
      const headers = await transport.credentials.read(requestContext.credentials)
      request.granted = { grant, request: pipeline.bytesRequest(grant), headers }
      const lastLook = new LastLook(pipeline, requestContext, grant)
      request.transfer = await (endpoint.bytes === 'up'
        ? uploadTransfer(request, lastLook, transport, idle)
        : plainTransfer(endpoint, request, idle))
      if (request.transfer.upload !== null) request.body = request.transfer.upload
      request.gone.throwIfAborted()
      return undefined
    },
    replyOptions: {
      rewriteRequestHeaders: sendGranted,
      rewriteHeaders: (headers: Readonly<Record<string, unknown>>) => keep(headers, answerHeaders),
      onResponse,
      onError: (reply: AnyReply, { error }: { error: Error }) => {
        void answerError(error.cause ?? error, reply, isRepeatable(reply.request))
      },
    },
    handler: (request: FastifyRequest, reply: FastifyReply, _destination: string, options: object) => {
      const { target, body } = grantedOf(request).request
      const written = body === null ? {} : { body: Buffer.from(body), contentType: 'application/json' }
      // @fastify/reply-from takes `..data` for a climb: the path and query that were granted are put in where the request is sent.
      const send = () => reply.from('/', { ...options, ...written, queryString: () => '' })
      return transfers.run({ ...transferOf(request), target: transport.target(target) }, send)
    },
  }
}

/** Of an upload. A server with few workers is not asked before all is here: each of them waits for the end of what it has begun. */
async function uploadTransfer(
  { raw, gone, admission }: FastifyRequest,
  lastLook: LastLook,
  { hasFewWorkers }: Transport,
  idle: number,
): Promise<Transfer> {
  const hold = admission.memory.hold('request')
  const upload = await beginUpload(raw, { idle, hold, lastLook: () => lastLook.look() }, hasFewWorkers)
  const settled = () => lastLook.over()
  try {
    await admission.takeWorker()
    await upload.lookFirst()
    gone.throwIfAborted()
  } catch (error) {
    upload.stop()
    settled()
    throw error
  }
  return { gone, upload, settled }
}

/** Of a download, or of a call to a model. */
async function plainTransfer(endpoint: OpenEndpoint, request: FastifyRequest, idle: number): Promise<Transfer> {
  await request.admission.takeWorker()
  const upload = endpoint.bytes === 'both' && endpoint.opaque !== true ? modelBody(request, idle) : null
  return { gone: request.gone, upload, settled: () => undefined }
}

/** What is to be streamed for a request; it throws where nothing is. */
function transferOf({ transfer }: Pick<FastifyRequest, 'transfer'>): Transfer {
  if (transfer === null) throw new TypeError('nothing is streamed without a transfer')
  return transfer
}

/** The part of a path before its first parameter. */
function fixedPath({ path }: OpenEndpoint): string {
  return path.split('/{')[0] ?? ''
}

/**
 * The endpoints that carry bytes, streamed in both directions by @fastify/http-proxy: it sends what was granted, and nothing else. The
 * artifacts of a Databricks workspace are elsewhere.
 */
export function addByteRoutes(
  app: FastifyInstance,
  config: PolicyConfig,
  modes: readonly ClientMode[],
  pipeline: Pipeline,
  transport: Transport,
  idle: number,
): void {
  const elsewhere = config.kind === 'databricks' ? 'artifact' : null
  for (const mode of modes) {
    for (const endpoint of endpointTable(serverKindOf(config), mode).open.values()) {
      if (endpoint.bytes === undefined || endpoint.resource === elsewhere) continue
      const options = { ...proxyOptions(endpoint, config, pipeline, transport, idle), constraints: { clientMode: mode } }
      for (const prefix of environmentPrefixes.flatMap((base) => endpoint.prefixes.map((below) => `${base}${below}`))) {
        app.register(httpProxy, { ...options, prefix: `${prefix}${fixedPath(endpoint)}` })
      }
    }
  }
}
