import type { Socket } from 'node:net'
import { pipeline, type Readable } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { FastifyRequest } from 'fastify'
import type { OpenEndpoint } from '../../../policy/endpoints/endpoint.ts'
import type { Grant } from '../../../policy/grant.ts'
import { showEndpointName } from '../../../policy/serving/serving-endpoints.ts'
import { clientSentence } from '../../../rewrite/errors/error-text.ts'
import { isUpstreamRequest, type UpstreamRequest } from '../../../rewrite/request/upstream-request.ts'
import { isMapping, type Mapping } from '../../config/mapping.ts'
import { answerError } from '../../http/answer-error.ts'
import type { PageBar } from '../../http/browser.ts'
import { conditionsOf, isAskedPart, isConditional } from '../../http/conditions.ts'
import type { AnyReply } from '../../http/respond.ts'
import { pageHeaders } from '../../http/ui-headers.ts'
import { unmet } from '../../http/unmet.ts'
import { readRequestId } from '../../observability/request-ids.ts'
import type { Transport } from '../../upstream/transport.ts'
import { serverOf, waitOf } from '../../upstream/upstream-answer.ts'
import { readWorkspaceAnswer } from '../../upstream/workspace-answers.ts'
import { insertIntoPage } from '../streams/page-bar.ts'
import { renamedModel } from '../streams/renamed-model.ts'
import { isModelsOwn, upstreamError } from '../upstream-error.ts'

declare module 'fastify' {
  interface FastifyRequest {
    granted: { readonly grant: Grant; readonly request: UpstreamRequest; readonly headers: Record<string, string> } | null
  }
}

/** Headers of the upstream's answer that are passed on; all others are dropped. */
export const answerHeaders = [
  ...(['content-type', 'content-length', 'content-disposition', 'last-modified', 'etag'] as const),
  ...(['accept-ranges', 'content-range'] as const),
] as const
const errorBytes = 64 * 1024

/** The headers with one of these names. */
export function keep(headers: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (typeof headers[name] === 'string' ? [[name, headers[name]]] : [])))
}

function isArtifact({ bytes, resource }: OpenEndpoint): boolean {
  return bytes === 'down' && resource !== 'ui' && resource !== 'server'
}

type Seen = Pick<AnyReply['request'], 'granted' | 'auditRecord' | 'raw' | 'method'>

interface Answer {
  readonly statusCode: number
  readonly stream: Readable
}

/** Whether the bytes are not encoded: the client gets no `Content-Encoding`, and would store encoded bytes as the artifact. */
function isPlain(answer: object): boolean {
  return (headersOf(answer)['content-encoding'] ?? 'identity') === 'identity'
}

function headersOf(answer: object): Mapping {
  return 'headers' in answer && isMapping(answer.headers) ? answer.headers : {}
}

/** The client's copy is current. */
function sendUnchanged(reply: AnyReply, stream: Readable): void {
  stream.on('error', () => undefined).resume()
  for (const name of ['content-type', 'content-length', 'content-disposition', 'content-range']) reply.removeHeader(name)
  reply.code(304).send()
}

/** The grant of a request; throws if there is none. */
export function grantedOf(request: Seen): NonNullable<FastifyRequest['granted']> {
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

/** Ends a connection by a reset; over TLS the missing end of its stream tells, and a Unix socket has neither. */
function breakOff(socket: Socket): void {
  if (socket instanceof TLSSocket || socket.remoteAddress === undefined) socket.destroy()
  else socket.resetAndDestroy()
}

/** If a transfer breaks, the client's connection is closed, and the audit line shows which side broke it. */
export function noteBreak({ auditRecord, raw }: Seen, stream: Readable): void {
  stream.once('error', (error: NodeJS.ErrnoException) => {
    // If a body ends with its connection, an orderly end would make it look complete.
    if (raw.httpVersion === '1.0') breakOff(raw.socket)
    auditRecord.reason ??= error.code === 'UND_ERR_ABORTED' ? 'client-gone' : 'upstream-broke'
  })
}

/** Passes on the upstream's answer: its bytes unchanged, anything else as the caller's error. */
export async function passOn(request: Seen, reply: AnyReply, answer: Answer, transport: Transport, bar: PageBar): Promise<void> {
  const { statusCode, stream } = answer
  request.auditRecord.upstreamStatus = statusCode
  request.auditRecord.upstreamRequestId = readRequestId(headersOf(answer)['x-request-id'])
  try {
    if (statusCode === 204 || (statusCode === 200 && isPlain(answer))) return void send(request, reply, stream, bar)
    const { 'content-range': part } = headersOf(answer)
    const asked = conditionsOf(reply.request.headers, request.method)
    if (statusCode === 206 && isPlain(answer) && isAskedPart(asked.range, part)) return void send(request, reply, stream, bar)
    if (statusCode === 304 && isConditional(asked)) return void sendUnchanged(reply, stream)
    for (const name of answerHeaders) reply.removeHeader(name)
    // The rest of an upload is read and discarded, so that the client receives this answer.
    reply.removeHeader('connection')
    const text = await readError(stream)
    if (statusCode === 416 || statusCode === 412) throw unmet(statusCode, part)
    const { environment } = request.auditRecord
    transport.noteRefusal(
      { status: statusCode, text },
      { authorization: null, environment: environment?.name ?? '' },
      grantedOf(request).headers,
    )
    const { location, server, 'retry-after': wait } = headersOf(answer)
    const sentTo = typeof location === 'string' ? { location } : {}
    const said = { status: statusCode, text, ...waitOf(wait), ...serverOf(server), ...sentTo }
    const refused = readWorkspaceAnswer(transport.kind, said)
    transport.checkUpstreamAuthentication(refused, environment?.name)
    const { grant } = grantedOf(request)
    if (grant.endpoint.bytes === 'both' && isModelsOwn(refused)) return void sendModelError(reply, answer, text)
    throw upstreamError(grant, refused)
  } catch (error) {
    answerError(error, reply, isRepeatable(request))
  }
}

function send(request: Seen, reply: AnyReply, stream: Readable, bar: PageBar): void {
  noteBreak(request, stream)
  const { grant } = grantedOf(request)
  const { endpoint } = grant
  reply.headers(pageHeaders(endpoint))
  // An artifact that is opened as a page is saved to disk. As part of a page, it is not affected.
  if (isArtifact(endpoint) && !reply.hasHeader('content-disposition')) reply.header('content-disposition', 'attachment')
  const sent = endpoint.entrance === true ? withBar(reply, stream, bar) : inCallersName(grant, reply, stream)
  if (sent !== stream) reply.removeHeader('content-length')
  reply.send(sent)
}

/** MLflow's page with the bar of whoever is logged in: no longer the page that its validators are for. */
function withBar(reply: AnyReply, stream: Readable, bar: PageBar): Readable {
  const isPage = reply.statusCode === 200 && /^text\/html\b/i.test(String(reply.getHeader('content-type') ?? ''))
  const html = isPage ? bar(reply.request) : null
  if (html === null) return stream
  for (const name of ['etag', 'last-modified', 'accept-ranges']) reply.removeHeader(name)
  return pipeline(stream, insertIntoPage(html), () => undefined)
}

/** The answer of a served model, which may contain its endpoint's name. */
function inCallersName({ endpoint, context }: Grant, reply: AnyReply, stream: Readable): Readable {
  if (endpoint.resource !== 'servingEndpoint' || endpoint.bytes !== 'both') return stream
  const type = String(reply.getHeader('content-type') ?? '')
  const upstream = context.references.find(({ kind }) => kind === 'endpoint')?.upstream ?? ''
  const shown = showEndpointName(context, upstream)
  if (shown === null || shown === upstream || !/^(?:application\/json|text\/event-stream)\b/i.test(type)) return stream
  return pipeline(stream, renamedModel(upstream, shown), () => undefined)
}

/** A served model's own answer is passed to its caller, whatever its status. */
function sendModelError(reply: AnyReply, answer: Answer, text: string): void {
  const type = headersOf(answer)['content-type']
  reply.request.auditRecord.reason = 'upstream-error'
  reply.header('content-type', typeof type === 'string' ? type : 'text/plain').header('content-security-policy', 'sandbox')
  const { endpoint, context } = grantedOf(reply.request).grant
  // The gateway uses the names of its endpoints.
  reply.send(
    endpoint.resource === 'gateway' ? (clientSentence(text, context) ?? '{"detail":"MLflow refused the request."}') : text,
  )
}

/** Calling a model twice may have any effect. */
export function isRepeatable({ granted }: Seen): boolean {
  return granted?.grant.endpoint.bytes !== 'both'
}
