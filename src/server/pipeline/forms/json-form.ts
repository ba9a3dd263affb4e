import type { FastifyRequest } from 'fastify'
import type { OpenEndpoint } from '../../../policy/endpoints/endpoint.ts'
import type { RawCall } from '../../../policy/messages/decode-call.ts'
import { decodeRequestInTurns } from '../../../policy/messages/decode-request.ts'
import type { JsonObject } from '../../../policy/messages/json/json.ts'
import { printInTurns } from '../../../policy/messages/json/json-text.ts'
import type { Turns } from '../../../policy/turns.ts'
import { inAskedForm } from '../../../rewrite/unity-catalog/models-answer.ts'
import type { Config } from '../../config/config-types.ts'
import { addressParts } from '../../http/addresses.ts'
import { bodyOf } from '../../http/body-parser.ts'
import { readPathParams } from '../../http/path-params.ts'
import { whenReady } from '../../network/when-ready.ts'
import { inTurns } from '../in-turns.ts'
import { wholeBody } from '../streams/model-body.ts'
import { encodeInTurns } from './encoded-text.ts'
import type { MessageForm } from './message-form.ts'

/** The body as far as the decision needs it: what is only streamed stays where it is. */
function decidedBody({ bytes, opaque }: OpenEndpoint, request: FastifyRequest): Uint8Array | Promise<Uint8Array> {
  if (opaque === true) return wholeBody(request)
  return bytes === 'up' || bytes === 'both' ? new Uint8Array() : bodyOf(request)
}

function rawCallOf(endpoint: OpenEndpoint, request: FastifyRequest, body: Uint8Array): RawCall {
  const { url = '' } = request.raw
  const mark = url.indexOf('?')
  return {
    method: request.method,
    rawQuery: mark < 0 ? '' : url.slice(mark + 1),
    body,
    contentType: request.headers['content-type'] ?? null,
    pathParams: readPathParams(endpoint, addressParts(request.raw).path),
  }
}

/** Characters from which on an answer is encoded here: shorter ones are written in one piece with their head. */
const large = 65_536

/** A message as the payload of an answer. */
function* payloadInTurns(message: JsonObject): Turns<string | Buffer> {
  const parts = yield* printInTurns(message)
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return length < large ? parts.join('') : yield* encodeInTurns(parts)
}

/** The message of a request. What it becomes is charged while it is read, in addition to its text. */
function read(
  endpoint: OpenEndpoint,
  request: FastifyRequest,
  body: Uint8Array,
  config: Config,
): JsonObject | Promise<JsonObject> {
  const { body: held, bodyWeight } = request.admission
  // A body that is only read now is held as bytes.
  const text = Math.max(held.bytes, bodyWeight)
  const work = decodeRequestInTurns(endpoint, rawCallOf(endpoint, request, body), config)
  return inTurns(work, undefined, (bytes) => held.grow(text + bytes))
}

/** Path, query and JSON, as MLflow's REST API has them. */
export const jsonForm: MessageForm = {
  read: (endpoint, request, config) => whenReady(decidedBody(endpoint, request), (body) => read(endpoint, request, body, config)),
  write: (reply, endpoint, grant, answer) =>
    whenReady(inTurns(payloadInTurns(inAskedForm(endpoint, grant, answer))), (payload) =>
      reply.type('application/json; charset=utf-8').send(payload),
    ),
  printsRows: true,
}
