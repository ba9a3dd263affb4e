import type { FastifyReply, FastifyRequest } from 'fastify'
import type { OpenEndpoint } from '../../../policy/endpoints/endpoint.ts'
import type { Grant } from '../../../policy/grant.ts'
import type { JsonObject } from '../../../policy/messages/json/json.ts'
import type { Config } from '../../config/config-types.ts'

/** How messages of an endpoint come in, and how their answers are written. */
export interface MessageForm {
  read(endpoint: OpenEndpoint, request: FastifyRequest, config: Config): JsonObject | Promise<JsonObject>
  write(reply: FastifyReply, endpoint: OpenEndpoint, grant: Grant, answer: JsonObject): FastifyReply | Promise<FastifyReply>
  /** Whether rows of an answer that nobody looks into any more may be printed at once. */
  readonly printsRows: boolean
}
