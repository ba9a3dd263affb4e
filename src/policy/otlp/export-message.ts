import type { Json, JsonObject } from '../messages/json/json.ts'
import { decodeUtf8, printJson } from '../messages/json/json-text.ts'
import { jsonName } from '../messages/json-name.ts'
import { placesAt } from '../messages/message-fields.ts'
import { Refusal } from '../reasons.ts'
import { readOtlpJson } from './otlp-json.ts'
import { readWire } from './read-wire.ts'
import { writeWire } from './write-wire.ts'

const request = 'opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest'
const response = 'opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse'

/** The two forms in which spans are exported. */
export type OtlpForm = 'protobuf' | 'json'

/** What an export says, besides its spans: where they go. */
export interface ExportHeaders {
  readonly experimentId: string
  readonly runId: string | null
}

function requireIds(message: JsonObject): void {
  const spans = placesAt(message, 'resource_spans[].scope_spans[].spans').flatMap(({ value }) =>
    Array.isArray(value) ? value : [],
  )
  for (const span of spans) {
    if (span instanceof Map && span.get('trace_id') && span.get('span_id')) continue
    throw new Refusal(
      'unprocessable',
      'Cannot convert OpenTelemetry span to MLflow span: every span must have a trace_id and a span_id.',
    )
  }
}

/** The one reading of an export, in whichever form it came; ids of traces are MLflow's own. Throws Refusal. */
export function readExport(form: OtlpForm, body: Uint8Array, { experimentId, runId }: ExportHeaders): JsonObject {
  const message = form === 'json' ? readOtlpJson(request, decodeUtf8(body)) : readWire(request, body)
  requireIds(message)
  message.set('experiment_id', experimentId)
  if (runId !== null) message.set('run_id', runId)
  return message
}

/** The body that says a message's spans, as protobuf. */
export function writeExport(message: JsonObject): Uint8Array {
  return writeWire(request, message)
}

/** MLflow's answer to an export: always protobuf. Throws Refusal for what is none. */
export function readExportAnswer(body: Uint8Array): JsonObject {
  return readWire(response, body)
}

function inCamelCase(value: Json): Json {
  if (Array.isArray(value)) return value.map(inCamelCase)
  if (!(value instanceof Map)) return value
  return new Map([...value].map(([key, item]) => [jsonName(key), inCamelCase(item)]))
}

/** The answer to an export in the form in which the spans came. */
export function writeExportAnswer(form: OtlpForm, answer: JsonObject): Uint8Array {
  return form === 'json' ? new TextEncoder().encode(printJson(inCamelCase(answer))) : writeWire(response, answer)
}
