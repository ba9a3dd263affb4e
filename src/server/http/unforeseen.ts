import { AsyncLocalStorage } from 'node:async_hooks'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { Metrics } from '../observability/metrics.ts'
import { answerError } from './answer-error.ts'

/** What is known of the request that something is done for. */
interface Scope {
  readonly requestId: string
  /** Ends it with an error, and nothing else. */
  end(error: unknown): void
}

const scopes = new AsyncLocalStorage<Scope>()

/** Has everything that is done for a request know whose it is. */
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
 * Has an error that nobody caught end the one request that it happened for, and not the process: all other callers are served in it, too.
 * Returns what takes this back.
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
