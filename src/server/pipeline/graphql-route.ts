import type { FastifyInstance } from 'fastify'
import type { PolicyConfig } from '../../policy/environments/environment.ts'
import { Refusal } from '../../policy/reasons.ts'
import { environmentPrefixes } from '../http/addresses.ts'
import { requestContextOf } from '../http/request-context.ts'
import type { Pipeline } from './pipeline.ts'

/**
 * GraphQL, which the web UI reads runs with. It is not passed on: two programs could read one document in two ways. Each field is a
 * request to the endpoint of the table that takes the same message, decided and rewritten like any other.
 */
export function addGraphql(app: FastifyInstance, config: PolicyConfig, pipeline: Pipeline): void {
  const constraints = { clientMode: 'http' } as const
  for (const base of environmentPrefixes) {
    app.post(`${base}/graphql`, { constraints }, async (request, reply) => {
      // The library is loaded with the first such request: only the web UI sends them.
      const { answerGraphql } = await import('./answer-graphql.ts')
      return answerGraphql(config, pipeline, request, reply)
    })
    app.route({
      method: ['GET', 'HEAD'],
      url: `${base}/graphql`,
      constraints,
      handler: (request) => {
        requestContextOf(config, 'graphql', request)
        throw new Refusal('closed-endpoint', 'GraphQL is served by POST, with a JSON body.')
      },
    })
  }
}
