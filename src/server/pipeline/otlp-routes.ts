import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { OpenEndpoint } from '../../policy/endpoints/endpoint.ts'
import { endpointTable } from '../../policy/endpoints/endpoint-table.ts'
import type { PolicyConfig } from '../../policy/environments/environment.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import { type ExportHeaders, type OtlpForm, readExport, writeExportAnswer } from '../../policy/otlp/export-message.ts'
import { Refusal } from '../../policy/reasons.ts'
import { sendFailure } from '../http/respond.ts'
import { jsonWeight } from '../limits/json-weight.ts'
import { spansWeight } from '../limits/spans-weight.ts'
import { addresses, requestContextOf } from './json-routes.ts'
import { unpackBody } from './otlp-body.ts'
import type { Pipeline } from './pipeline.ts'

const types: Readonly<Record<OtlpForm, string>> = { protobuf: 'application/x-protobuf', json: 'application/json' }

function formOf(request: FastifyRequest): OtlpForm {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type === types.protobuf) return 'protobuf'
  if (type === types.json) return 'json'
  throw new Refusal('invalid-parameter', `Invalid Content-Type. Expected: ${types.protobuf} or ${types.json}`)
}

/** Where the spans go. A header that is given twice holds no id. */
function headersOf({ headers }: FastifyRequest): ExportHeaders {
  const [experimentId, runId] = ['x-mlflow-experiment-id', 'x-mlflow-run-id'].map((name) => headers[name])
  if (typeof experimentId !== 'string' || experimentId === '') {
    throw new Refusal('unprocessable', "The header 'x-mlflow-experiment-id' says in which experiment the spans belong: send it.")
  }
  return { experimentId, runId: typeof runId === 'string' && runId !== '' ? runId : null }
}

async function readRequest(request: FastifyRequest): Promise<JsonObject> {
  if (request.raw.url?.includes('?')) throw new Refusal('malformed', 'An export of spans has no query: remove it.')
  const headers = headersOf(request)
  const form = formOf(request)
  const body = Buffer.isBuffer(request.body) ? request.body : new Uint8Array()
  const { body: hold } = request.admission
  const unpacked = await unpackBody(body, request.headers['content-encoding'], hold)
  await hold.resize(body.length + (form === 'protobuf' ? spansWeight(unpacked) : jsonWeight(unpacked)))
  return readExport(form, unpacked, headers)
}

async function exportSpans(
  config: PolicyConfig,
  pipeline: Pipeline,
  endpoint: OpenEndpoint,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const requestContext = requestContextOf(config, endpoint.name, request)
  await request.admission.enter('messages', requestContext)
  const grant = await pipeline.judge(requestContext, endpoint, await readRequest(request))
  const outcome = await pipeline.complete(requestContext, grant)
  if ('failure' in outcome) return sendFailure(reply, outcome.failure)
  const form = formOf(request)
  return reply.type(types[form]).send(Buffer.from(writeExportAnswer(form, outcome.answer)))
}

/** Spans in OpenTelemetry's own protocol, as its exporters and MLflow's clients send them. */
export function addOtlpRoutes(app: FastifyInstance, config: PolicyConfig, pipeline: Pipeline): void {
  const exports = [...endpointTable(config.kind, 'http').open.values()].filter(({ body }) => body === 'otlp')
  for (const endpoint of exports) {
    for (const { method, url } of addresses(endpoint)) {
      const constraints = { clientMode: 'http' }
      app.route({
        method,
        url,
        constraints,
        handler: (request, reply) => exportSpans(config, pipeline, endpoint, request, reply),
      })
    }
  }
}
