import { AsyncLocalStorage } from 'node:async_hooks'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { Metrics } from '../observability/metrics.ts'
import { answerError } from './answer-error.ts'

/** What is known of the request being processed. */
interface Scope {
  readonly requestId: string
  /** Ends only this request, with an error. */
  end(error: unknown): void
}

const scopes = new AsyncLocalStorage<Scope>()

/** Associates everything done for a request with it (async context). */
export function addScopes(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    const end = (error: unknown) => {
      if (reply.sent || reply.raw.headersSent) reply.raw.destroy()
      else answerError(error, reply, false)
    }
    scopes.run({ requestId: request.id, end }, done)
  })
}

/**
 * Makes an uncaught error end only the request that caused it, and not the process, which also serves all other callers.
 * Returns a function that undoes this.
 */
export function catchUnforeseen(log: Logger, metrics: Pick<Metrics, 'countUnforeseen'>): () => void {
  const note = (error: unknown, origin: string) => {
    const scope = scopes.getStore()
    metrics.countUnforeseen()
    log.error({ err: error, origin, requestId: scope?.requestId ?? null }, 'an unexpected error')
    scope?.end(error)
  }
  process.on('uncaughtException', note)
  return () => process.off('uncaughtException', note)
}
