import { errorCodes, type FastifyInstance, type FastifyRequest } from 'fastify'
import { Refusal } from '../../policy/reasons.ts'
import { readHeld } from '../limits/held-body.ts'
import { TextWeight } from '../limits/json-weight.ts'
import { limits } from './framing.ts'

/** Compressed bodies, and exports of spans in protobuf, are weighed where they are read. Whatever else a client calls a body, it may be read as JSON. */
function isText({ method, headers }: FastifyRequest): boolean {
  const { 'content-encoding': encoding = 'identity', 'content-type': type = '' } = headers
  return encoding.toLowerCase() === 'identity' && !(method === 'POST' && type.includes('protobuf'))
}

/** Reads a whole body, and records what its text will cost. Rejects with `tooLarge()` if it has more than `most` bytes. */
export function readWhole(request: FastifyRequest, most: number, tooLarge: () => Error): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > most) return Promise.reject(tooLarge())
  const { raw, admission } = request
  const weight = isText(request) ? new TextWeight() : null
  const see = (chunk: Buffer) => {
    if (weight === null) return
    weight.add(chunk)
    admission.bodyWeight = weight.bytes
  }
  return readHeld(raw, admission.body, { most, tooLarge, see })
}

/** Bodies are kept as bytes: only `decode` parses them, regardless of their Content-Type. */
export function addBodyParser(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  const tooLarge = () => new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE()
  app.addContentTypeParser('*', (request: FastifyRequest) => readWhole(request, limits.jsonBytes, tooLarge))
}

/**
 * Fastify does not read the body of a GET, but MLflow does, so we must read it too. Its length is known, because chunked bodies are
 * refused, and is checked first: stopping in the middle of a body would break the connection before the answer.
 */
function readGetBody(request: FastifyRequest): Promise<Buffer> {
  const message = 'The body of a GET request is too large. Send the parameters in the query.'
  return readWhole(request, limits.queryBodyBytes, () => new Refusal('too-large', message))
}

/** The bytes of a request's body, at once if they have been read; empty if it has none. */
export function bodyOf(request: FastifyRequest): Uint8Array | Promise<Uint8Array> {
  const encoding = request.headers['content-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new Refusal('malformed', 'Compressed request bodies are not served: MLflow would read them as empty.')
  }
  const length = Number(request.headers['content-length'] ?? 0)
  if (request.method === 'GET' || request.method === 'HEAD') return length > 0 ? readGetBody(request) : new Uint8Array()
  return Buffer.isBuffer(request.body) ? request.body : new Uint8Array()
}
