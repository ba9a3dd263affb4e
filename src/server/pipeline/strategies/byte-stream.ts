import type { FastifyReply, FastifyRequest } from 'fastify'
import { upstreamRequest } from '../../../rewrite/request/upstream-request.ts'
import type { Transport } from '../../upstream/transport.ts'
import type { Pipeline } from '../pipeline.ts'
import { beginUpload, LastLook } from '../streams/begin-upload.ts'
import { modelBody } from '../streams/model-body.ts'
import { type Transfer, transfers } from '../streams/transfer.ts'
import type { GrantedRequest } from './strategy.ts'

/** Streams bytes to the upstream and back. */
export class ByteStream {
  readonly #pipeline: Pipeline
  readonly #transport: Transport
  readonly #idle: number

  /** `idle`: milliseconds for which the client may pause. */
  constructor(pipeline: Pipeline, transport: Transport, idle: number) {
    this.#pipeline = pipeline
    this.#transport = transport
    this.#idle = idle
  }

  /** `options`: how @fastify/reply-from passes on the answer. */
  async carryOut(
    granted: Pick<GrantedRequest, 'requestContext' | 'grant'>,
    request: FastifyRequest,
    reply: FastifyReply,
    options: object,
  ): Promise<FastifyReply> {
    const { requestContext, grant } = granted
    const { credentials } = requestContext
    const headers = { ...(await this.#transport.credentials.read(credentials)), ...credentials.ids }
    const sent = upstreamRequest(grant)
    request.granted = { grant, request: sent, headers }
    const transfer = await (grant.endpoint.bytes === 'up' ? this.#upload(granted, request) : this.#plain(granted, request))
    if (transfer.upload !== null) request.body = transfer.upload
    request.gone.throwIfAborted()
    const written = sent.body === null ? {} : { body: Buffer.from(sent.body), contentType: 'application/json' }
    // @fastify/reply-from treats `..data` as a parent path, so the granted path and query are set where the request is sent.
    const send = () => reply.from('/', { ...options, ...written, queryString: () => '' })
    return transfers.run({ ...transfer, target: this.#transport.target(sent.target) }, send)
  }

  /** A server with few workers only gets an upload once it has arrived completely: each worker is busy until its request ends. */
  async #upload(
    { requestContext, grant }: Pick<GrantedRequest, 'requestContext' | 'grant'>,
    { raw, gone, admission }: FastifyRequest,
  ): Promise<Transfer> {
    const lastLook = new LastLook(this.#pipeline, requestContext, grant)
    const options = { idle: this.#idle, hold: admission.memory.hold('request'), lastLook: () => lastLook.look() }
    const upload = await beginUpload(raw, options, this.#transport.hasFewWorkers)
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

  /** A download, or a call to a model. */
  async #plain({ grant: { endpoint } }: Pick<GrantedRequest, 'grant'>, request: FastifyRequest): Promise<Transfer> {
    await request.admission.takeWorker()
    const upload = endpoint.bytes === 'both' && endpoint.opaque !== true ? modelBody(request, this.#idle) : null
    return { gone: request.gone, upload, settled: () => undefined }
  }
}
