import type { FastifyRequest } from 'fastify'
import type { JsonObject } from '../../../policy/messages/json/json.ts'
import { type ExportHeaders, type OtlpForm, readExport, writeExportAnswer } from '../../../policy/otlp/export-message.ts'
import { Refusal } from '../../../policy/reasons.ts'
import { jsonWeight } from '../../limits/json-weight.ts'
import { spansWeight } from '../../limits/spans-weight.ts'
import type { MessageForm } from './message-form.ts'
import { unpackBody } from './otlp-body.ts'

const types: Readonly<Record<OtlpForm, string>> = { protobuf: 'application/x-protobuf', json: 'application/json' }

function formOf(request: Pick<FastifyRequest, 'headers'>): OtlpForm {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type === types.protobuf) return 'protobuf'
  if (type === types.json) return 'json'
  throw new Refusal('invalid-parameter', `Invalid Content-Type. Expected: ${types.protobuf} or ${types.json}`)
}

/** Where the spans go. A header that is given twice holds no id. */
function headersOf({ headers }: FastifyRequest): ExportHeaders {
  const [experimentId, runId] = ['x-mlflow-experiment-id', 'x-mlflow-run-id'].map((name) => headers[name])
  if (typeof experimentId !== 'string' || experimentId === '') {
    throw new Refusal('unprocessable', "Send the header 'x-mlflow-experiment-id' with the experiment of the spans.")
  }
  return { experimentId, runId: typeof runId === 'string' && runId !== '' ? runId : null }
}

async function readRequest(request: FastifyRequest): Promise<JsonObject> {
  if (request.raw.url?.includes('?')) throw new Refusal('malformed', 'An export of spans must not have a query: remove it.')
  const headers = headersOf(request)
  const form = formOf(request)
  const body = Buffer.isBuffer(request.body) ? request.body : new Uint8Array()
  const { body: hold } = request.admission
  const unpacked = await unpackBody(body, request.headers['content-encoding'], hold)
  await hold.resize(body.length + (form === 'protobuf' ? spansWeight(unpacked) : jsonWeight(unpacked)))
  return readExport(form, unpacked, headers)
}

/** Spans in OpenTelemetry's own protocol, as its exporters and MLflow's clients send them. */
export const otlpForm: MessageForm = {
  read: (_endpoint, request) => readRequest(request),
  write: (reply, _endpoint, _grant, answer) => {
    const form = formOf(reply.request)
    return reply.type(types[form]).send(Buffer.from(writeExportAnswer(form, answer)))
  },
  printsRows: false,
}
