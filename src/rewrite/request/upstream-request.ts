import type { OpenEndpoint } from '../../policy/endpoints/endpoint.ts'
import { type Grant, isGrant } from '../../policy/grant.ts'
import { encodeBody, encodeQuery } from '../../policy/messages/encode.ts'
import { JsonNumber, type JsonObject } from '../../policy/messages/json/json.ts'
import { shapeOf } from '../../policy/messages/message-shape.ts'
import { oncePer } from '../../policy/once-per.ts'
import { writeExport } from '../../policy/otlp/export-message.ts'
import { Refusal } from '../../policy/reasons.ts'
import { type VersionDetails, withDetails } from '../unity-catalog/version-details.ts'
import { type Page, pageMessage } from './search-page.ts'
import { upstreamMessage } from './upstream-message.ts'

/** A request that may go upstream, written anew from what was decided on. Made from a grant, and from nothing else. */
class UpstreamRequest {
  readonly #granted = true
  readonly method: string
  /** Path and query. */
  readonly target: string
  /** JSON text, or null when the request has none of its own. */
  readonly body: string | null
  /** Spans in the place of a text, with the headers that say what they are and where they go. */
  readonly spans: { readonly bytes: Uint8Array; readonly headers: Readonly<Record<string, string>> } | null
  constructor(method: string, target: string, body: string | null, spans: UpstreamRequest['spans'] = null) {
    this.method = method
    this.target = target
    this.body = body
    this.spans = spans
    Object.freeze(this)
  }

  static is(value: unknown): value is UpstreamRequest {
    return typeof value === 'object' && value !== null && #granted in value && value.#granted
  }
}

export type { UpstreamRequest }

/** Whether a value is a real upstream request, whatever the types say. */
export const isUpstreamRequest: (value: unknown) => value is UpstreamRequest = UpstreamRequest.is

/** Where spans go stands in headers; whatever form they came in, they are sent as protobuf. */
function exportHeaders(message: JsonObject): Record<string, string> {
  const [experimentId, runId] = [message.get('experiment_id'), message.get('run_id')]
  return {
    'content-type': 'application/x-protobuf',
    ...(typeof experimentId === 'string' ? { 'x-mlflow-experiment-id': experimentId } : {}),
    ...(typeof runId === 'string' ? { 'x-mlflow-run-id': runId } : {}),
  }
}

function pathOf(endpoint: OpenEndpoint, message: JsonObject): string {
  const template = (endpoint.sentAs ?? endpoint).path
  if (!template.includes('{')) return endpoint.upstreamPrefix + template
  const path = template.replace(/\{([^{}]+)\}/g, (_, name: string) => {
    const value = message.get(name)
    const text = value instanceof JsonNumber ? value.text : String(value ?? '')
    const segments = name === endpoint.multiSegment ? text.split('/') : [text]
    if (segments.some((segment) => ['', '.', '..'].includes(segment) || segment.includes('\0'))) {
      throw new Refusal('malformed', `The path parameter '${name}' has an empty or dot segment.`)
    }
    return segments.map(encodeURIComponent).join('/')
  })
  return `${endpoint.upstreamPrefix}${path}`
}

/** Path parameters. Some handlers want one in the body as well, where it is a field of the message. */
const pathParametersOf = oncePer(({ request, pathParams }: OpenEndpoint) => {
  const { fields } = shapeOf(request)
  return { inPath: new Set(pathParams), onlyInPath: new Set(pathParams.filter((name) => !fields.has(name))) }
})

/** The same for a version that the proxy registers in Unity Catalog, with what is found out of its model besides. */
export function registrationRequest(grant: Grant, details: VersionDetails): UpstreamRequest {
  if (!isGrant(grant) || grant.endpoint.makes !== 'version' || grant.endpoint.bringsFiles)
    throw new TypeError('nothing is forwarded without a grant')
  const { endpoint } = grant
  const message = withDetails(upstreamMessage(grant), details)
  return new UpstreamRequest(endpoint.method, pathOf(endpoint, message), encodeBody(message))
}

/**
 * Writes what was granted as an HTTP request: path from the endpoint's template, query or body from the message. `page` is the part
 * of a search that is asked for. There is no way to give it another message than the one that was judged.
 */
export function upstreamRequest(grant: Grant, page: Page | null = null): UpstreamRequest {
  if (!isGrant(grant)) throw new TypeError('nothing is forwarded without a grant')
  if (grant.context.missing.length > 0) throw new TypeError('what the request needs is not there yet')
  const { endpoint } = grant
  const message = page === null ? upstreamMessage(grant) : pageMessage(upstreamMessage(grant), page)
  const path = pathOf(endpoint, message)
  const { method } = endpoint.sentAs ?? endpoint
  if (endpoint.body === 'otlp') {
    const spans = { bytes: writeExport(message), headers: exportHeaders(message) }
    return new UpstreamRequest(method, path, null, spans)
  }
  const { inPath, onlyInPath } = pathParametersOf(endpoint)
  const asBytes = endpoint.bytes !== undefined && endpoint.opaque !== true
  const inQuery = method === 'GET' || endpoint.inQuery === true || asBytes
  if (!inQuery) return new UpstreamRequest(method, path, encodeBody(message, onlyInPath))
  const query = encodeQuery(message, inPath)
  return new UpstreamRequest(method, query === '' ? path : `${path}?${query}`, null)
}
