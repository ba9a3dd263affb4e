import Fastify, { type FastifyInstance } from 'fastify'

/** The metrics, as text. */
interface Exposed {
  readonly registry: { readonly contentType: string; metrics(): Promise<string> }
}

type Told = string | null | Promise<string | null>

/** A page for operators. */
interface Page {
  readonly headers: Readonly<Record<string, string>>
  readonly html: string
}

/** The operators' endpoints, on a separate port: liveness, readiness, metrics and the status page, if there is one. `why` returns what readiness waits for, or null; `concern` a problem that does not affect readiness. */
export function buildAdmin(
  metrics: Exposed,
  why: () => Told,
  concern: () => Told = () => null,
  status: (() => Promise<Page>) | null = null,
): FastifyInstance {
  const app = Fastify({
    logger: false,
    forceCloseConnections: true,
    http: { headersTimeout: 10_000, connectionsCheckingInterval: 1_000 },
  })
  app.get('/livez', async () => ({ status: 'alive' }))
  app.get('/readyz', async (_request, reply) => {
    const waiting = await why()
    if (waiting !== null) return reply.code(503).send({ status: 'not ready', waitingFor: waiting })
    const wrong = await concern()
    return wrong === null ? { status: 'ready' } : { status: 'ready', concern: wrong }
  })
  app.get('/metrics', async (_request, reply) => reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()))
  if (status !== null)
    app.get('/status', async (_request, reply) => {
      const { headers, html } = await status()
      return reply.headers(headers).send(html)
    })
  return app
}
