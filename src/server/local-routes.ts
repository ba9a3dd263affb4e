import type { FastifyInstance } from 'fastify'
import type { Landscape } from '../policy/environment.ts'
import { environmentPrefixes } from './routes.ts'
import { whoami } from './whoami.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered without asking who calls. */
    readonly open?: true
  }
}

/** What the proxy answers itself: MLflow's own `/health`, which tells nothing and asks for no token, and who the caller is. */
export function addLocalRoutes(app: FastifyInstance, landscape: Landscape): void {
  for (const base of environmentPrefixes) {
    app.route({
      method: ['GET', 'HEAD'],
      url: `${base}/health`,
      config: { open: true },
      handler: async ({ trail }, reply) => {
        trail.endpoint = 'health'
        return reply.type('text/plain').send('OK')
      },
    })
    app.get(`${base}/-/whoami`, async (request) => {
      request.trail.endpoint = 'whoami'
      return whoami(landscape, request)
    })
  }
}
