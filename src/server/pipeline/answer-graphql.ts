import type { FastifyReply, FastifyRequest } from 'fastify'
import { type ExecutionResult, execute, GraphQLError } from 'graphql'
import { endpointTable } from '../../policy/endpoints/endpoint-table.ts'
import type { PolicyConfig } from '../../policy/environments/environment.ts'
import { readOperation } from '../../policy/graphql/operation.ts'
import { schema } from '../../policy/graphql/schema.ts'
import { decodeCall } from '../../policy/messages/decode-call.ts'
import { Refusal, reasons } from '../../policy/reasons.ts'
import { bodyOf } from '../http/body-parser.ts'
import { UpstreamError } from '../http/failure.ts'
import { limits } from '../http/framing.ts'
import type { AuditRecord } from '../observability/audit-record.ts'
import { FieldReader } from './graphql-fields.ts'
import type { Pipeline } from './pipeline.ts'

/** Refusals that GraphQL says in its answer. Any other is no judgement of a field, and ends the whole request. */
const ofFields: ReadonlySet<number> = new Set([400, 403, 404, 413])

/** What is said of an error, and noted of it. Throws what says nothing of the caller's own request. */
function sayError({ message, originalError }: GraphQLError, auditRecord: AuditRecord): string {
  // Without an original it is the library's own word for a value that the caller sent.
  if (originalError === undefined || originalError instanceof GraphQLError) return message
  if (originalError instanceof UpstreamError) {
    if (originalError.failure.retryAfter !== null) throw originalError
    auditRecord.reason ??= originalError.failure.reason
    return message
  }
  if (!(originalError instanceof Refusal) || !ofFields.has(reasons[originalError.reason].status)) throw originalError
  auditRecord.decision = 'deny'
  auditRecord.reason ??= originalError.reason
  return message
}

/** Answers a request of GraphQL, each field through the endpoint with the same message. */
export async function answerGraphql(config: PolicyConfig, pipeline: Pipeline, request: FastifyRequest, reply: FastifyReply) {
  const requestContext = await pipeline.enter('graphql', undefined, request)
  const { auditRecord } = requestContext
  const body = await bodyOf(request)
  if (body.length > limits.graphqlBytes) throw new Refusal('too-large', 'The GraphQL is too large. Request less at once.')
  const [, rawQuery = ''] = request.raw.url?.split('?') ?? []
  const contentType = request.headers['content-type'] ?? null
  const call = { method: 'POST', rawQuery, body, contentType, pathParams: new Map() }
  const operation = readOperation(decodeCall('handmade.GraphQL', call, { unknownFields: 'refuse' }))
  const json = reply.type('application/json')
  if ('faults' in operation) {
    auditRecord.decision = 'deny'
    auditRecord.reason = 'invalid-parameter'
    return json.send(JSON.stringify({ data: null, errors: operation.faults }))
  }
  const reader = new FieldReader(endpointTable(config.kind), pipeline, requestContext)
  const { document, variables } = operation
  auditRecord.decision = 'allow'
  const result: ExecutionResult = await execute({ schema, document, variableValues: variables, fieldResolver: reader.resolve })
  const errors = result.errors?.map((error) => sayError(error, auditRecord)) ?? null
  return json.send(JSON.stringify({ data: result.data ?? null, errors }))
}
