import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Grant } from '../../policy/grant.ts'
import { type ByteRange, Unchanged } from '../databricks/storage/artifact-store.ts'
import type { WorkspaceArtifacts } from '../databricks/workspace-artifacts.ts'
import { conditionsOf } from '../http/conditions.ts'
import { methods } from '../http/framing.ts'
import type { Routing } from '../http/routing.ts'
import type { CallerCredentials } from '../upstream/upstream-credentials.ts'
import { jsonForm } from './forms/json-form.ts'
import type { Pipeline } from './pipeline.ts'
import { artifactError } from './strategies/stored-files.ts'
import { noteBreak } from './strategies/stream-answer.ts'
import { beginUpload, LastLook } from './streams/begin-upload.ts'

/** The only range of a `Range` header. */
function rangeOf(header: string | undefined): ByteRange | undefined {
  const [, start, end] = /^bytes=([0-9]*)-([0-9]*)$/.exec(header ?? '') ?? []
  if (start === undefined) return undefined
  if (start === '') return Number(end) === 0 ? undefined : { start: -Number(end), end: null }
  const range = { start: Number(start), end: end ? Number(end) : null }
  return range.end !== null && range.end < range.start ? undefined : range
}

/** The announced length of the body; null if it is chunked. */
function lengthOf({ headers }: FastifyRequest): number | null {
  return headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : null
}

/** Reads a file from a workspace's storage. */
async function download(artifacts: WorkspaceArtifacts, grant: Grant, caller: CallerCredentials, reply: FastifyReply) {
  const { request } = reply
  const { range, ...conditions } = conditionsOf(request.headers, request.method)
  const { stream, length, contentRange, validators = {} } = await artifacts.download(grant, caller, rangeOf(range), conditions)
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
}

/** Serves the artifact endpoints: granted requests are carried out with other calls, and the workspace's storage. */
function serveStored(routing: Routing, pipeline: Pipeline, artifacts: WorkspaceArtifacts, idle: number) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const endpoint = routing.open(request)
    const { requestContext, grant } = await pipeline.grant(endpoint, request, jsonForm.read)
    const { credentials } = requestContext
    try {
      if (endpoint.bytes === 'down') return await download(artifacts, grant, credentials, reply)
      const lastLook = new LastLook(pipeline, requestContext, grant)
      const upload = await beginUpload(request.raw, { idle, hold: request.admission.memory.hold('request') })
      const sending = { body: upload.bytes(), length: lengthOf(request), lastLook: () => lastLook.look() }
      await artifacts.upload(grant, credentials, sending).finally(() => {
        lastLook.over()
        upload.stop()
      })
      return reply.type('application/json').send('{}')
    } catch (error) {
      if (error instanceof Unchanged) return reply.code(304).headers(error.validators).send()
      throw artifactError(grant, error)
    }
  }
}

/** The artifact endpoints for a Databricks workspace, whose bytes are in its storage. */
export function addStoredRoutes(
  app: FastifyInstance,
  routing: Routing,
  pipeline: Pipeline,
  artifacts: WorkspaceArtifacts,
  idle: number,
): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    // The body is read when it is sent to the storage, at the same speed.
    scope.addContentTypeParser('*', (_request, _body, done) => done(null))
    const handler = serveStored(routing, pipeline, artifacts, idle)
    scope.route({ method: [...methods], url: '/*', constraints: { servedBy: 'stored files' }, handler })
  })
}
