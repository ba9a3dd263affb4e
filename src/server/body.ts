import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Refusal } from '../policy/reasons.ts'
import { limits } from './framing.ts'

/** Bodies are kept as bytes: `decode` alone reads them, whatever their Content-Type says. */
export function addBodyParser(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: limits.jsonBytes },
    async (_request: FastifyRequest, body: Buffer) => body,
  )
}

/**
 * Fastify does not read the body of a GET, MLflow does: so must we, to see what it would see. Its length is known, as chunks are
 * refused, and is looked at first: to stop in the middle of a body would break the connection before the answer.
 */
async function readGetBody({ raw }: FastifyRequest, length: number): Promise<Buffer> {
  if (length > limits.queryBodyBytes)
    throw new Refusal('too-large', 'The body of a GET request is too large. Send the parameters in the query.')
  const chunks: Buffer[] = []
  for await (const chunk of raw) if (Buffer.isBuffer(chunk)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The bytes of a request's body; none where there is none. */
export async function bodyOf(request: FastifyRequest): Promise<Uint8Array> {
  const encoding = request.headers['content-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new Refusal('malformed', 'Compressed request bodies are not served: MLflow would read them as empty.')
  }
  const length = Number(request.headers['content-length'] ?? 0)
  if (request.method === 'GET' || request.method === 'HEAD') return length > 0 ? readGetBody(request, length) : new Uint8Array()
  return Buffer.isBuffer(request.body) ? request.body : new Uint8Array()
}
