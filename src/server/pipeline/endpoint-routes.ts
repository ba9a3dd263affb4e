import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { PolicyConfig } from '../../policy/environments/environment.ts'
import { Refusal } from '../../policy/reasons.ts'
import { methods } from '../http/framing.ts'
import { requestContextOf } from '../http/request-context.ts'
import type { Routing } from '../http/routing.ts'
import { jsonForm } from './forms/json-form.ts'
import { otlpForm } from './forms/otlp-form.ts'
import type { Pipeline } from './pipeline.ts'

/** Serves the endpoints whose requests are messages. */
function serveMessages(pipeline: Pipeline, routing: Routing) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const endpoint = routing.open(request)
    const form = endpoint.body === 'otlp' ? otlpForm : jsonForm
    const granted = await pipeline.grant(endpoint, request, form.read)
    const answer = await pipeline.complete({ ...granted, printsRows: form.printsRows })
    return form.write(reply, endpoint, granted.grant, answer)
  }
}

function refuseClosed(config: PolicyConfig, routing: Routing) {
  return (request: FastifyRequest): never => {
    const { path, hidden, closed } = routing.closed(request)
    requestContextOf(config, `closed ${path}`, request)
    throw new Refusal(hidden ? 'unknown-endpoint' : 'closed-endpoint', closed)
  }
}

/** Serves every endpoint of the table except byte streams, which have their own scopes. */
export function addEndpointRoutes(app: FastifyInstance, config: PolicyConfig, routing: Routing, pipeline: Pipeline): void {
  const everywhere = { method: [...methods], url: '/*' }
  app.route({ ...everywhere, constraints: { servedBy: 'messages' }, handler: serveMessages(pipeline, routing) })
  app.route({ ...everywhere, constraints: { servedBy: 'refusals' }, handler: refuseClosed(config, routing) })
}
