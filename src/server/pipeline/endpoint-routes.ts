import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ClosedEndpoint, OpenEndpoint } from '../../policy/endpoints/endpoint.ts'
import { endpointTable } from '../../policy/endpoints/endpoint-table.ts'
import { type ClientMode, type PolicyConfig, serverKindOf } from '../../policy/environments/environment.ts'
import { Refusal } from '../../policy/reasons.ts'
import { type Address, addressesOf, withoutRepeats } from '../http/addresses.ts'
import { requestContextOf } from '../http/request-context.ts'
import { jsonForm } from './forms/json-form.ts'
import { otlpForm } from './forms/otlp-form.ts'
import type { Pipeline } from './pipeline.ts'

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> | never

interface Registration extends Address {
  readonly handler: Handler
}

/** Serves one endpoint whose requests are messages. */
function serveMessages(pipeline: Pipeline, endpoint: OpenEndpoint): Handler {
  const form = endpoint.body === 'otlp' ? otlpForm : jsonForm
  return async (request, reply) => {
    const granted = await pipeline.grant(endpoint, request, form.read)
    const answer = await pipeline.complete({ ...granted, printsRows: form.printsRows })
    return form.write(reply, endpoint, granted.grant, answer)
  }
}

function refuseClosed(config: PolicyConfig, endpoint: ClosedEndpoint): Handler {
  return (request) => {
    requestContextOf(config, `closed ${endpoint.path}`, request)
    throw new Refusal(endpoint.hidden ? 'unknown-endpoint' : 'closed-endpoint', endpoint.closed)
  }
}

/**
 * Registers every endpoint of the table except byte streams, which have their own scopes. Nothing else is routed; clients of
 * one mode only find the endpoints of that mode.
 */
export function addEndpointRoutes(app: FastifyInstance, config: PolicyConfig, mode: ClientMode, pipeline: Pipeline): void {
  const table = endpointTable(serverKindOf(config), mode)
  const routes = (endpoint: OpenEndpoint | ClosedEndpoint, handler: Handler): Registration[] =>
    addressesOf(endpoint).map((address) => ({ ...address, handler }))
  const open = [...table.open.values()].filter(({ bytes }) => bytes === undefined)
  const closed = table.closed.filter(({ local }) => !local)
  const registrations = [
    ...open.flatMap((endpoint) => routes(endpoint, serveMessages(pipeline, endpoint))),
    ...closed.flatMap((endpoint) => routes(endpoint, refuseClosed(config, endpoint))),
  ]
  const constraints = { clientMode: mode }
  for (const registration of withoutRepeats(registrations)) app.route({ ...registration, constraints })
}
