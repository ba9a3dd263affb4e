import type { FastifyRequest } from 'fastify'
import type { OpenEndpoint } from '../../../policy/endpoints/endpoint.ts'
import type { RawCall } from '../../../policy/messages/decode-call.ts'
import { decodeRequest } from '../../../policy/messages/decode-request.ts'
import { printInTurns } from '../../../policy/messages/json/json-text.ts'
import { inAskedForm } from '../../../rewrite/unity-catalog/models-answer.ts'
import { addressParts } from '../../http/addresses.ts'
import { bodyOf } from '../../http/body-parser.ts'
import { readPathParams } from '../../http/path-params.ts'
import { inTurns } from '../in-turns.ts'
import { wholeBody } from '../streams/model-body.ts'
import type { MessageForm } from './message-form.ts'

/** The body as far as the decision needs it: what is only streamed stays where it is. */
async function decidedBody({ bytes, opaque }: OpenEndpoint, request: FastifyRequest): Promise<Uint8Array> {
  if (opaque === true) return wholeBody(request)
  return bytes === 'up' || bytes === 'both' ? new Uint8Array() : bodyOf(request)
}

async function rawCallOf(endpoint: OpenEndpoint, request: FastifyRequest): Promise<RawCall> {
  const [, ...query] = request.raw.url?.split('?') ?? []
  return {
    method: request.method,
    rawQuery: query.join('?'),
    body: await decidedBody(endpoint, request),
    contentType: request.headers['content-type'] ?? null,
    pathParams: readPathParams(endpoint, addressParts(request.raw).path),
  }
}

/** Path, query and JSON, as MLflow's REST API has them. */
export const jsonForm: MessageForm = {
  read: async (endpoint, request, config) => decodeRequest(endpoint, await rawCallOf(endpoint, request), config),
  write: async (reply, endpoint, grant, answer) => {
    const text = await inTurns(printInTurns(inAskedForm(endpoint, grant, answer)))
    return reply.type('application/json').send(text)
  },
  printsRows: true,
}
