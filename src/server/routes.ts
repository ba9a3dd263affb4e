import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ClosedEndpoint, OpenEndpoint } from '../policy/endpoint.ts'
import { closedEndpoints, openEndpoints } from '../policy/endpoints.ts'
import type { RawCall } from '../policy/decode.ts'
import type { Landscape } from '../policy/environment.ts'
import { printJson } from '../policy/json-text.ts'
import { Refusal } from '../policy/reasons.ts'
import { environmentOf } from './arrival.ts'
import { bodyOf } from './body.ts'
import type { Journey, Visit } from './journey.ts'
import { readPathParams } from './path-params.ts'
import { sendFailure } from './respond.ts'

/** Every address is served plainly and below `/env/<name>`, for callers in several environments. */
export const environmentPrefixes = ['', '/env/:environment'] as const

/** The visit of an authenticated request: who, in which environment. */
export function visitOf(landscape: Landscape, endpointName: string, request: FastifyRequest): Visit {
  const { authenticated, trail } = request
  trail.endpoint = endpointName
  const environment = environmentOf(landscape, request)
  trail.environment = environment
  if (authenticated === null) throw new Refusal('unauthenticated', 'The request carries no token.')
  const credentials = { authorization: request.headers.authorization ?? null }
  return { principal: authenticated.principal, environment, credentials, trail }
}

/** What is left of a request when its endpoint is known. */
export async function rawCallOf(endpoint: OpenEndpoint, request: FastifyRequest): Promise<RawCall> {
  const [path = '', ...query] = request.raw.url?.split('?') ?? []
  return {
    method: request.method,
    rawQuery: query.join('?'),
    body: endpoint.bytes === 'up' ? new Uint8Array() : await bodyOf(request),
    contentType: request.headers['content-type'] ?? null,
    pathParams: readPathParams(endpoint, path),
  }
}

/** A path template of MLflow's as Fastify writes it. */
export function fastifyPath(path: string, multiSegment: string | null): string {
  return path.replace(/:/g, '::').replace(/\{([^}]+)\}/g, (_, name: string) => (name === multiSegment ? '*' : `:${name}`))
}

function withHead(method: string): string[] {
  return method === 'GET' ? ['GET', 'HEAD'] : [method]
}

async function answerJson(landscape: Landscape, journey: Journey, endpoint: OpenEndpoint, request: FastifyRequest, reply: FastifyReply) {
  const visit = visitOf(landscape, endpoint.name, request)
  const grant = await journey.grant(visit, endpoint, await rawCallOf(endpoint, request))
  const arrival = await journey.complete(visit, grant)
  if ('failure' in arrival) return sendFailure(reply, arrival.failure)
  return reply.type('application/json').send(printJson(arrival.answer))
}

function refuseClosed(landscape: Landscape, endpoint: ClosedEndpoint, request: FastifyRequest): never {
  visitOf(landscape, `closed ${endpoint.path}`, request)
  throw new Refusal(endpoint.hidden ? 'unknown-endpoint' : 'closed-endpoint', endpoint.closed)
}

/** Registers every endpoint of the table but those that stream bytes, which have a plugin of their own. Nothing else is routed. */
export function addRoutes(app: FastifyInstance, landscape: Landscape, journey: Journey): void {
  for (const base of environmentPrefixes) {
    for (const endpoint of openEndpoints.values()) {
      if (endpoint.bytes !== undefined) continue
      for (const prefix of endpoint.prefixes) {
        app.route({
          method: withHead(endpoint.method),
          url: `${base}${prefix}${fastifyPath(endpoint.path, endpoint.multiSegment)}`,
          handler: (request, reply) => answerJson(landscape, journey, endpoint, request, reply),
        })
      }
    }
    for (const endpoint of closedEndpoints) {
      for (const prefix of endpoint.prefixes) {
        const url = `${base}${prefix}${fastifyPath(endpoint.path, endpoint.multiSegment)}`
        const method = withHead(endpoint.method).filter((name) => !app.hasRoute({ method: name, url }))
        if (method.length > 0) app.route({ method, url, handler: (request) => refuseClosed(landscape, endpoint, request) })
      }
    }
  }
}
