import { encodeBody, encodeQuery } from '../../src/policy/encode.ts'
import type { OpenEndpoint } from '../../src/policy/endpoint.ts'
import type { JsonObject } from '../../src/policy/json.ts'
import { shapeOf } from '../../src/policy/message-shape.ts'

/** A request as a client writes it. */
export interface ClientRequest {
  readonly method: string
  readonly target: string
  readonly body: string | null
}

/** How a client says a message to an endpoint: in the path, the query or a JSON body, under one of the prefixes. */
export function writeRequest(endpoint: OpenEndpoint, message: JsonObject, prefix = endpoint.prefixes[0] ?? ''): ClientRequest {
  const path = endpoint.path.replace(/\{([^}]+)\}/g, (_, name: string) => {
    const text = String(message.get(name) ?? '')
    return name === endpoint.multiSegment ? text : encodeURIComponent(text)
  })
  const onlyInPath = new Set(endpoint.pathParams.filter((name) => !shapeOf(endpoint.request).fields.has(name)))
  const { method } = endpoint
  if (method !== 'GET' && endpoint.bytes !== 'up') return { method, target: prefix + path, body: encodeBody(message, onlyInPath) }
  const query = encodeQuery(message, new Set(endpoint.pathParams))
  return { method, target: `${prefix}${path}${query === '' ? '' : `?${query}`}`, body: endpoint.bytes === 'up' ? 'x' : null }
}
