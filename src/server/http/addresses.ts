import type { ClosedEndpoint, OpenEndpoint } from '../../policy/endpoints/endpoint.ts'

/** Every address is served as it is, and below `/env/<name>` for callers in several environments. */
export const environmentPrefixes = ['', '/env/:environment'] as const

/** MLflow's path template in Fastify's syntax. Whatever follows a parameter of several segments, or shares a parameter's segment, becomes part of it. */
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

/** The methods of an endpoint: HEAD is accepted wherever GET is. */
export function methodsOf({ method }: Pick<Addressed, 'method'>): readonly string[] {
  return method === 'GET' ? ['GET', 'HEAD'] : [method]
}

/** All paths of an endpoint, in Fastify's syntax. */
export function urlsOf({ path, prefixes, multiSegment, slashToo }: Addressed): string[] {
  const ends = slashToo ? ['', '/'] : ['']
  return environmentPrefixes.flatMap((base) =>
    prefixes.flatMap((prefix) => ends.map((end) => `${base}${prefix}${fastifyPath(path, multiSegment)}${end}`)),
  )
}

/** All addresses of an endpoint. */
export function addressesOf(endpoint: Addressed): Address[] {
  return urlsOf(endpoint).flatMap((url) => methodsOf(endpoint).map((method) => ({ method, url })))
}

/** Two MLflow versions may name the same path parameter differently, but for a router the path is the same. The first name is used. */
export function withoutRepeats<A extends Address>(addressed: readonly A[]): A[] {
  const key = ({ method, url }: Address) => `${method} ${url.replace(/:[a-z_]+/g, ':')}`
  return [...new Map([...addressed].reverse().map((each) => [key(each), each])).values()]
}
