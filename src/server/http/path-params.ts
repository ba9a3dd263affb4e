import type { OpenEndpoint } from '../../policy/endpoints/endpoint.ts'
import { Refusal } from '../../policy/reasons.ts'

function decodeSegment(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Refusal('malformed', 'The path has a malformed percent-encoding.')
  }
}

const none: ReadonlyMap<string, string> = new Map()

/**
 * The path parameters of a request, read by the endpoint's template from the raw path without `/env/<name>`. The template's own characters must be literal:
 * an encoded spelling of a known path is unknown. The segments of an artifact path stay encoded.
 */
export function readPathParams(endpoint: OpenEndpoint, path: string): ReadonlyMap<string, string> {
  if (endpoint.pathParams.length === 0 && path.includes(endpoint.path)) return none
  const template = endpoint.path.split('/')
  const start = path.indexOf(endpoint.path.split('{')[0] ?? '')
  if (start < 0) throw new Refusal('unknown-endpoint', 'There is no such endpoint: the path has an unusual spelling.')
  const segments = path.slice(start).split('/')
  const params = new Map<string, string>()
  template.forEach((part, index) => {
    const name = /^\{(.+)\}$/.exec(part)?.[1]
    if (name === undefined) {
      if (segments[index] !== part)
        throw new Refusal('unknown-endpoint', 'There is no such endpoint: the path has an unusual spelling.')
    } else if (name === endpoint.multiSegment) params.set(name, segments.slice(index).join('/'))
    else params.set(name, decodeSegment(segments[index] ?? ''))
  })
  return params
}
