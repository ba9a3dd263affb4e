import type { ClosedEndpoint, OpenEndpoint } from '../../policy/endpoints/endpoint.ts'

/** Every address is served plainly and below `/env/<name>`, for callers in several environments. */
export const environmentPrefixes = ['', '/env/:environment'] as const

/** A path template of MLflow's as Fastify writes it. What follows a parameter of several segments, or stands in a parameter's own segment, is left to it. */
function fastifyPath(path: string, multiSegment: string | null): string {
  const head = multiSegment === null ? path : (path.split(`{${multiSegment}}`)[0] ?? path)
  const written = head.replace(/:/g, '::').replace(/\{([^{}]+)\}[^/]*/g, ':$1')
  return head === path ? written : `${written}*`
}

type Addressed =
  | Pick<OpenEndpoint, 'method' | 'path' | 'prefixes' | 'multiSegment' | 'slashToo'>
  | (ClosedEndpoint & { readonly slashToo?: never })

export interface Address {
  readonly method: string
  readonly url: string
}

/** The methods of an endpoint: what is read is also asked for by HEAD. */
export function methodsOf({ method }: Pick<Addressed, 'method'>): readonly string[] {
  return method === 'GET' ? ['GET', 'HEAD'] : [method]
}

/** Every path of an endpoint, as Fastify writes it. */
export function urlsOf({ path, prefixes, multiSegment, slashToo }: Addressed): string[] {
  const ends = slashToo ? ['', '/'] : ['']
  return environmentPrefixes.flatMap((base) =>
    prefixes.flatMap((prefix) => ends.map((end) => `${base}${prefix}${fastifyPath(path, multiSegment)}${end}`)),
  )
}

/** Every address of an endpoint. */
export function addressesOf(endpoint: Addressed): Address[] {
  return urlsOf(endpoint).flatMap((url) => methodsOf(endpoint).map((method) => ({ method, url })))
}

/** Two MLflow versions may call one path's parameter by two names: to a router they are one path. The first one counts. */
export function withoutRepeats<A extends Address>(addressed: readonly A[]): A[] {
  const key = ({ method, url }: Address) => `${method} ${url.replace(/:[a-z_]+/g, ':')}`
  return [...new Map([...addressed].reverse().map((each) => [key(each), each])).values()]
}
