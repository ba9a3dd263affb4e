import type { OpenEndpoint } from '../../src/policy/endpoints/endpoint.ts'
import { encodeBody, encodeQuery } from '../../src/policy/messages/encode.ts'
import type { JsonObject } from '../../src/policy/messages/json/json.ts'
import { shapeOf } from '../../src/policy/messages/message-shape.ts'
import { writeExport } from '../../src/policy/otlp/export-message.ts'

/** A request as a client writes it. */
export interface ClientRequest {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array<ArrayBuffer> | null
}

/** An export of spans, whose experiment and run stand in headers. */
function writeSpans(target: string, message: JsonObject): ClientRequest {
  const [experiment = '', run] = ['experiment_id', 'run_id'].map((name) => message.get(name)?.toString())
  const headers = {
    'content-type': 'application/x-protobuf',
    'x-mlflow-experiment-id': experiment,
    ...(run === undefined ? {} : { 'x-mlflow-run-id': run }),
  }
  return { method: 'POST', target, headers, body: new Uint8Array(writeExport(message)) }
}

/** How a client says a message to an endpoint: in the path, the query or a JSON body, under one of the prefixes. */
export function writeRequest(endpoint: OpenEndpoint, message: JsonObject, prefix = endpoint.prefixes[0] ?? ''): ClientRequest {
  const path = endpoint.path.replace(/\{([^}]+)\}/g, (_, name: string) => {
    const text = String(message.get(name) ?? '')
    return name === endpoint.multiSegment ? text : encodeURIComponent(text)
  })
  if (endpoint.body === 'otlp') return writeSpans(prefix + path, message)
  const onlyInPath = new Set(endpoint.pathParams.filter((name) => !shapeOf(endpoint.request).fields.has(name)))
  const { method } = endpoint
  if (method !== 'GET' && endpoint.bytes !== 'up') {
    const headers = { 'content-type': 'application/json' }
    return { method, target: prefix + path, headers, body: encodeBody(message, onlyInPath) }
  }
  const query = encodeQuery(message, new Set(endpoint.pathParams))
  return {
    method,
    target: `${prefix}${path}${query === '' ? '' : `?${query}`}`,
    headers: {},
    body: endpoint.bytes === 'up' ? 'x' : null,
  }
}
