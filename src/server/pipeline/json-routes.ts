import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ClosedEndpoint, OpenEndpoint } from '../../policy/endpoints/endpoint.ts'
import { endpointTable } from '../../policy/endpoints/endpoint-table.ts'
import { isAdministrator } from '../../policy/environments/choose-environment.ts'
import { type ClientMode, type PolicyConfig, serverKindOf } from '../../policy/environments/environment.ts'
import type { RawCall } from '../../policy/messages/decode-call.ts'
import { printJson } from '../../policy/messages/json/json-text.ts'
import { Refusal } from '../../policy/reasons.ts'
import { inAskedForm } from '../../rewrite/unity-catalog/models-answer.ts'
import { readBearerToken } from '../auth/compact-token.ts'
import { bodyOf } from '../http/body-parser.ts'
import { readPathParams } from '../http/path-params.ts'
import { environmentOf } from '../http/request-hooks.ts'
import { sendFailure } from '../http/respond.ts'
import type { Pipeline } from './pipeline.ts'
import type { RequestContext } from './request-context.ts'

/** Every address is served plainly and below `/env/<name>`, for callers in several environments. */
export const environmentPrefixes = ['', '/env/:environment'] as const

/** The caller's credentials in one spelling: they may go upstream, and are compared. */
function authorizationOf({ headers }: FastifyRequest): string | null {
  return headers.authorization === undefined ? null : `Bearer ${readBearerToken([headers.authorization])}`
}

/** The visit of an authenticated request: who, in which environment. */
export function requestContextOf(config: PolicyConfig, endpointName: string, request: FastifyRequest): RequestContext {
  const { authenticated, auditRecord } = request
  auditRecord.endpoint = endpointName
  const environment = environmentOf(config, request)
  auditRecord.environment = environment
  if (authenticated === null) throw new Refusal('unauthenticated', 'The request carries no token.')
  const { principal } = authenticated
  const administrator = isAdministrator(environment, principal)
  auditRecord.administrator = administrator
  const noteStatus = (status: number) => {
    auditRecord.upstreamStatus = status
  }
  const { mode } = request.ingress
  const credentials = {
    authorization: authorizationOf(request),
    noteStatus,
    environment: environment.name,
    signal: request.gone,
    memory: request.admission.memory,
  }
  return { principal, environment, administrator, mode, credentials, auditRecord }
}

/** What is left of a request when its endpoint is known. */
export async function rawCallOf(endpoint: OpenEndpoint, request: FastifyRequest): Promise<RawCall> {
  const [path = '', ...query] = request.raw.url?.split('?') ?? []
  return {
    method: request.method,
    rawQuery: query.join('?'),
    body: endpoint.bytes === 'up' || endpoint.bytes === 'both' ? new Uint8Array() : await bodyOf(request),
    contentType: request.headers['content-type'] ?? null,
    pathParams: readPathParams(endpoint, path),
  }
}

/** A path template of MLflow's as Fastify writes it. What follows a parameter of several segments, or stands in a parameter's own segment, is left to it. */
export function fastifyPath(path: string, multiSegment: string | null): string {
  const head = multiSegment === null ? path : (path.split(`{${multiSegment}}`)[0] ?? path)
  const written = head.replace(/:/g, '::').replace(/\{([^{}]+)\}[^/]*/g, ':$1')
  return head === path ? written : `${written}*`
}

async function answerJson(
  config: PolicyConfig,
  pipeline: Pipeline,
  endpoint: OpenEndpoint,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const requestContext = requestContextOf(config, endpoint.name, request)
  await request.admission.enter('messages', requestContext)
  const grant = await pipeline.grant(requestContext, endpoint, await rawCallOf(endpoint, request))
  const outcome = await pipeline.complete(requestContext, grant, 'printed')
  if ('failure' in outcome) return sendFailure(reply, outcome.failure)
  return reply.type('application/json').send(printJson(inAskedForm(endpoint, grant, outcome.answer)))
}

function refuseClosed(config: PolicyConfig, endpoint: ClosedEndpoint, request: FastifyRequest): never {
  requestContextOf(config, `closed ${endpoint.path}`, request)
  throw new Refusal(endpoint.hidden ? 'unknown-endpoint' : 'closed-endpoint', endpoint.closed)
}

interface Registration {
  readonly method: string
  readonly url: string
  readonly handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> | never
}

type Addressed =
  | Pick<OpenEndpoint, 'method' | 'path' | 'prefixes' | 'multiSegment' | 'slashToo'>
  | (ClosedEndpoint & { readonly slashToo?: never })

/** Every address of an endpoint; what is read is also asked for by HEAD. */
export function addresses({ method, path, prefixes, multiSegment, slashToo }: Addressed): { method: string; url: string }[] {
  const ends = slashToo ? ['', '/'] : ['']
  const urls = environmentPrefixes.flatMap((base) =>
    prefixes.flatMap((prefix) => ends.map((end) => `${base}${prefix}${fastifyPath(path, multiSegment)}${end}`)),
  )
  return urls.flatMap((url) => (method === 'GET' ? ['GET', 'HEAD'] : [method]).map((name) => ({ method: name, url })))
}

/** Two MLflow versions may call one path's parameter by two names: to a router they are one path. The first one counts. */
function withoutRepeats(registrations: readonly Registration[]): Registration[] {
  const key = ({ method, url }: Registration) => `${method} ${url.replace(/:[a-z_]+/g, ':')}`
  return [...new Map([...registrations].reverse().map((registration) => [key(registration), registration])).values()]
}

/**
 * Registers every endpoint of the table but those that stream bytes, which have a plugin of their own. Nothing else is routed; clients of
 * one mode find the endpoints of that mode.
 */
export function addRoutes(app: FastifyInstance, config: PolicyConfig, mode: ClientMode, pipeline: Pipeline): void {
  const table = endpointTable(serverKindOf(config), mode)
  const open = [...table.open.values()].flatMap((endpoint) => {
    const handler: Registration['handler'] = (request, reply) => answerJson(config, pipeline, endpoint, request, reply)
    return endpoint.bytes === undefined && endpoint.body === undefined
      ? addresses(endpoint).map((address) => ({ ...address, handler }))
      : []
  })
  const closed = table.closed.flatMap((endpoint) => {
    const handler: Registration['handler'] = (request) => refuseClosed(config, endpoint, request)
    return endpoint.local ? [] : addresses(endpoint).map((address) => ({ ...address, handler }))
  })
  const constraints = { clientMode: mode }
  for (const registration of withoutRepeats([...open, ...closed])) app.route({ ...registration, constraints })
}
