import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import type { ClosedEndpoint, OpenEndpoint } from '../../policy/endpoints/endpoint.ts'
import { type Found, findEndpoint } from '../../policy/endpoints/find-endpoint.ts'
import type { ServerKind } from '../../policy/environments/environment.ts'
import { addressParts } from './addresses.ts'
import type { IngressOf } from './ingress.ts'

/** What serves an endpoint. Each has one Fastify route, for every address: the table knows which endpoint stands at which. */
export type ServedBy = 'messages' | 'streams' | 'model streams' | 'stored files' | 'refusals'

function servedBy(found: Found, kind: ServerKind): ServedBy | 'nothing' {
  // The local ones have routes of their own.
  if ('closed' in found) return found.closed.local ? 'nothing' : 'refusals'
  const { bytes, resource } = found.open
  if (bytes === undefined) return 'messages'
  // A workspace keeps the bytes of artifacts elsewhere.
  if (resource === 'artifact' && kind !== 'mlflow') return 'stored files'
  return bytes === 'both' ? 'model streams' : 'streams'
}

/** Finds the endpoints of requests in the table of their clients' mode. */
export class Routing {
  readonly #kind: ServerKind
  readonly #ingressOf: IngressOf
  readonly #found = new WeakMap<IncomingMessage, Found | null>()

  constructor(kind: ServerKind, ingressOf: IngressOf) {
    this.#kind = kind
    this.#ingressOf = ingressOf
  }

  #find(message: IncomingMessage): Found | null {
    const known = this.#found.get(message)
    if (known !== undefined) return known
    const found = findEndpoint(message.method ?? '', addressParts(message).path, this.#kind, this.#ingressOf(message).mode)
    this.#found.set(message, found)
    return found
  }

  /** What serves a request; `nothing` in the table, where none of its endpoints is meant. */
  servedBy(message: IncomingMessage): ServedBy | 'nothing' {
    const found = this.#find(message)
    return found === null ? 'nothing' : servedBy(found, this.#kind)
  }

  /** The endpoint of a request that came by a route for open endpoints. */
  open({ raw }: Pick<FastifyRequest, 'raw'>): OpenEndpoint {
    const found = this.#find(raw)
    if (found === null || !('open' in found)) throw new TypeError('this request has no open endpoint')
    return found.open
  }

  /** The endpoint of a request that came by the route for closed ones. */
  closed({ raw }: Pick<FastifyRequest, 'raw'>): ClosedEndpoint {
    const found = this.#find(raw)
    if (found === null || !('closed' in found)) throw new TypeError('this request has no closed endpoint')
    return found.closed
  }
}
