import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { OpenEndpoint } from '../../policy/endpoints/endpoint.ts'
import { endpointTable } from '../../policy/endpoints/endpoint-table.ts'
import { type ClientMode, type PolicyConfig, serverKindOf } from '../../policy/environments/environment.ts'
import { conditionsOf } from '../http/conditions.ts'
import { sendFailure } from '../http/respond.ts'
import { sizeHeader } from '../http/unmet.ts'
import { noteBreak } from '../pipeline/byte-answer.ts'
import { addresses, rawCallOf, requestContextOf } from '../pipeline/json-routes.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import { beginUpload, LastLook } from '../pipeline/streams/begin-upload.ts'
import { type ByteRange, Unchanged } from './storage/artifact-store.ts'
import { artifactFailure, type WorkspaceArtifacts } from './workspace-artifacts.ts'

/** The one range of a `Range`. */
function rangeOf(header: string | undefined): ByteRange | undefined {
  const [, start, end] = /^bytes=([0-9]*)-([0-9]*)$/.exec(header ?? '') ?? []
  if (start === undefined) return undefined
  if (start === '') return Number(end) === 0 ? undefined : { start: -Number(end), end: null }
  const range = { start: Number(start), end: end ? Number(end) : null }
  return range.end !== null && range.end < range.start ? undefined : range
}

/** Bytes that the body was announced to have; null for one in chunks. */
function lengthOf({ headers }: FastifyRequest): number | null {
  return headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : null
}

/** Serves one endpoint that carries bytes. */
function serveBytes(
  endpoint: OpenEndpoint,
  config: PolicyConfig,
  pipeline: Pipeline,
  artifacts: WorkspaceArtifacts,
  idle: number,
) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const requestContext = requestContextOf(config, endpoint.name, request)
    await request.admission.enter('bytes', requestContext)
    const grant = await pipeline.grant(requestContext, endpoint, await rawCallOf(endpoint, request))
    try {
      if (endpoint.bytes === 'up') {
        const lastLook = new LastLook(pipeline, requestContext, grant)
        const upload = await beginUpload(request.raw, { idle, hold: request.admission.memory.hold('request') })
        const sending = { body: upload.bytes(), length: lengthOf(request), lastLook: () => lastLook.look() }
        await artifacts.upload(grant, requestContext.credentials, sending).finally(() => {
          lastLook.over()
          upload.stop()
        })
        return reply.type('application/json').send('{}')
      }
      const { range, ...conditions } = conditionsOf(request.headers, request.method)
      const download = await artifacts.download(grant, requestContext.credentials, rangeOf(range), conditions)
      const { stream, length, contentRange, validators = {} } = download
      reply
        .headers({
          'content-security-policy': 'sandbox',
          'content-disposition': 'attachment',
          'accept-ranges': 'bytes',
          ...validators,
        })
        .type('application/octet-stream')
      if (length !== null) reply.header('content-length', String(length))
      if (contentRange !== null) reply.code(206).header('content-range', contentRange)
      if (request.method === 'HEAD') {
        stream.on('error', () => undefined).destroy()
        return reply.send()
      }
      noteBreak(request, stream)
      return reply.send(stream)
    } catch (error) {
      if (error instanceof Unchanged) return reply.code(304).headers(error.validators).send()
      return sendFailure(reply.headers(sizeHeader(error)), artifactFailure(grant, error))
    }
  }
}

/** The endpoints of artifacts, before a Databricks workspace: it has the bytes elsewhere. */
export function addWorkspaceByteRoutes(
  app: FastifyInstance,
  config: PolicyConfig,
  modes: readonly ClientMode[],
  pipeline: Pipeline,
  artifacts: WorkspaceArtifacts,
  idle: number,
): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    // The body is read where it goes to the storage, and as fast.
    scope.addContentTypeParser('*', (_request, _body, done) => done(null))
    for (const mode of modes) {
      for (const endpoint of endpointTable(serverKindOf(config), mode).open.values()) {
        if (endpoint.bytes === undefined || endpoint.resource !== 'artifact') continue
        const handler = serveBytes(endpoint, config, pipeline, artifacts, idle)
        for (const address of addresses(endpoint)) scope.route({ ...address, handler, constraints: { clientMode: mode } })
      }
    }
  })
}
