import type { Readable } from 'node:stream'
import httpProxy, { type FastifyHttpProxyOptions } from '@fastify/http-proxy'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { OpenEndpoint } from '../policy/endpoint.ts'
import { endpointTable } from '../policy/endpoints.ts'
import { type ClientMode, type Landscape, serverKindOf } from '../policy/environment.ts'
import type { Grant } from '../policy/grant.ts'
import { clientSentence } from '../rewrite/error-text.ts'
import { isUpstreamRequest, type UpstreamRequest } from '../rewrite/upstream-request.ts'
import { answerError } from './answer-error.ts'
import { isModelsOwn, upstreamFailure } from './error-answer.ts'
import { heldUpload } from './held-upload.ts'
import type { Journey } from './journey.ts'
import { isMapping, type Mapping } from './mapping.ts'
import { boundedBody, wholeBody } from './model-call.ts'
import { pageHeaders } from './page-headers.ts'
import { type AnyReply, sendFailure } from './respond.ts'
import { environmentPrefixes, fastifyPath, rawCallOf, visitOf } from './routes.ts'
import { askWhich } from './ui-entrance.ts'
import type { Upstream } from './upstream.ts'
import { waitOf } from './upstream-answer.ts'

declare module 'fastify' {
  interface FastifyRequest {
    granted: { readonly grant: Grant; readonly request: UpstreamRequest; readonly headers: Record<string, string> } | null
  }
}

/** Headers of the upstream's answer that the client gets; all others stay behind. */
const answerHeaders = ['content-type', 'content-length', 'content-disposition', 'last-modified', 'etag'] as const
const requestHeaders = ['content-type', 'content-length', 'transfer-encoding'] as const
const errorBytes = 1024 * 1024

function keep(headers: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (typeof headers[name] === 'string' ? [[name, headers[name]]] : [])))
}

function isArtifact({ bytes, resource }: OpenEndpoint): boolean {
  return bytes === 'down' && resource !== 'ui' && resource !== 'server'
}

type Seen = Pick<FastifyRequest, 'granted' | 'trail'>

interface Answer {
  readonly statusCode: number
  readonly stream: Readable
}

/** Whether the bytes are as they are: the client is told of no coding, and would take the coded ones for the artifact. */
function isPlain(answer: object): boolean {
  return (headersOf(answer)['content-encoding'] ?? 'identity') === 'identity'
}

function headersOf(answer: object): Mapping {
  return 'headers' in answer && isMapping(answer.headers) ? answer.headers : {}
}

function grantedOf(request: Seen): NonNullable<FastifyRequest['granted']> {
  const { granted } = request
  if (granted === null || !isUpstreamRequest(granted.request)) throw new TypeError('nothing is forwarded without a grant')
  return granted
}

async function readError(stream: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    size += chunk.length
    if (size > errorBytes) break
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** What becomes of a transfer that breaks off: the client's connection does too, and the audit line says whose doing it was. */
export function noteBreak({ trail }: Seen, stream: Readable): void {
  stream.once('error', (error: NodeJS.ErrnoException) => {
    trail.reason ??= error.code === 'UND_ERR_ABORTED' ? 'client-gone' : 'upstream-broke'
  })
}

async function passOn(request: Seen, reply: AnyReply, answer: Answer, upstream: Upstream): Promise<void> {
  const { statusCode, stream } = answer
  request.trail.upstreamStatus = statusCode
  try {
    if (statusCode === 204 || (statusCode === 200 && isPlain(answer))) return void send(request, reply, stream)
    for (const name of answerHeaders) reply.removeHeader(name)
    // What is left of an upload is read and dropped, so that the client gets to this answer.
    reply.removeHeader('connection')
    const text = await readError(stream)
    const { environment } = request.trail
    upstream.noteRefusal(
      { status: statusCode, text },
      { authorization: null, environment: environment?.name ?? '' },
      grantedOf(request).headers,
    )
    upstream.checkWelcome({ status: statusCode, text }, environment?.name)
    const { grant } = grantedOf(request)
    const refused = { status: statusCode, text, ...waitOf(headersOf(answer)['retry-after']) }
    if (grant.endpoint.bytes === 'both' && isModelsOwn(refused)) return void sendModelError(reply, answer, text)
    sendFailure(reply, upstreamFailure(grant, refused))
  } catch (error) {
    answerError(error, reply, isRepeatable(request))
  }
}

function send(request: Seen, reply: AnyReply, stream: Readable): void {
  noteBreak(request, stream)
  const { endpoint } = grantedOf(request).grant
  reply.headers(pageHeaders(endpoint))
  // Opened as a page of its own, an artifact is stored. Where it is a part of a page, this changes nothing.
  if (isArtifact(endpoint) && !reply.hasHeader('content-disposition')) reply.header('content-disposition', 'attachment')
  reply.send(stream)
}

/** What a served model says in its own form is for its caller, whatever the status. */
function sendModelError(reply: AnyReply, answer: Answer, text: string): void {
  const type = headersOf(answer)['content-type']
  reply.request.trail.reason = 'upstream-error'
  reply.header('content-type', typeof type === 'string' ? type : 'text/plain').header('content-security-policy', 'sandbox')
  const { endpoint, findings } = grantedOf(reply.request).grant
  // The gateway speaks of its endpoints by their names.
  reply.send(
    endpoint.resource === 'gateway' ? (clientSentence(text, findings) ?? '{"detail":"MLflow refused the request."}') : text,
  )
}

/** Nobody knows what a model does when it is asked twice. */
function isRepeatable({ granted }: Seen): boolean {
  return granted?.grant.endpoint.bytes !== 'both'
}

type Answered = NonNullable<NonNullable<FastifyHttpProxyOptions['replyOptions']>['onResponse']>
type RewriteHeaders = NonNullable<NonNullable<FastifyHttpProxyOptions['replyOptions']>['rewriteRequestHeaders']>

function proxyOptions(endpoint: OpenEndpoint, landscape: Landscape, journey: Journey, upstream: Upstream) {
  const sendGranted: RewriteHeaders = (request, headers) => {
    const granted = grantedOf(request)
    if (granted.request.body === null) return { ...keep(headers, requestHeaders), ...granted.headers }
    // A body that was written anew has its own length.
    const length = String(Buffer.byteLength(granted.request.body))
    return { 'content-type': 'application/json', 'content-length': length, ...granted.headers }
  }
  const onResponse: Answered = (request, reply, answer) => void passOn(request, reply, answer, upstream)
  const isEntrance = endpoint.name === 'getUiPage'
  return {
    upstream: upstream.origin,
    undici: endpoint.bytes === 'both' ? upstream.models : upstream.dispatcher,
    httpMethods: endpoint.method === 'GET' ? ['GET', 'HEAD'] : [endpoint.method],
    routes: [fastifyPath(endpoint.path, endpoint.multiSegment).slice(fixedPath(endpoint).length)],
    retryMethods: [],
    disableCache: true,
    disableRequestLogging: true,
    internalRewriteLocationHeader: false,
    preHandler: async (request: FastifyRequest, reply: FastifyReply) => {
      if (isEntrance && askWhich(landscape, request, reply)) return reply
      const visit = visitOf(landscape, endpoint.name, request)
      const raw = await rawCallOf(endpoint, request)
      const body = endpoint.opaque === true ? await wholeBody(request) : raw.body
      const grant = await journey.grant(visit, endpoint, { ...raw, body })
      const headers = await upstream.credentials.read(visit.credentials)
      request.granted = { grant, request: journey.bytesRequest(grant), headers }
      if (endpoint.bytes === 'both' && endpoint.opaque !== true) request.body = boundedBody(request)
      if (endpoint.bytes !== 'up') return
      request.body = heldUpload(request.raw, () => {
        visit.trail.decision = 'deny'
        return journey.grant(visit, endpoint, raw)
      })
    },
    replyOptions: {
      // Of the address that was granted, not of the caller's.
      queryString: (granted?: string) => (granted ?? '').replace(/^\?/, ''),
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
      return reply.from(upstream.target(target), { ...options, ...written })
    },
  }
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
  landscape: Landscape,
  modes: readonly ClientMode[],
  journey: Journey,
  upstream: Upstream,
): void {
  const elsewhere = landscape.kind === 'databricks' ? 'artifact' : null
  for (const mode of modes) {
    for (const endpoint of endpointTable(serverKindOf(landscape), mode).open.values()) {
      if (endpoint.bytes === undefined || endpoint.resource === elsewhere) continue
      const options = { ...proxyOptions(endpoint, landscape, journey, upstream), constraints: { clientMode: mode } }
      for (const prefix of environmentPrefixes.flatMap((base) => endpoint.prefixes.map((below) => `${base}${below}`))) {
        app.register(httpProxy, { ...options, prefix: `${prefix}${fixedPath(endpoint)}` })
      }
    }
  }
}
