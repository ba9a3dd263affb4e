import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'

/** Writes one line per request: who, where, what, decided how and why. Never a token, never a parameter's value. */
export function writeAudit(log: Logger, request: FastifyRequest, reply: FastifyReply): void {
  const { trail } = request
  const { principal, environment } = trail
  log.info(
    {
      audit: true,
      requestId: request.id,
      tenantId: principal?.tenantId ?? null,
      objectId: principal?.objectId ?? null,
      kind: principal?.kind ?? null,
      environment: environment?.name ?? null,
      method: request.method,
      endpoint: trail.endpoint,
      references: trail.references,
      decision: trail.decision,
      reason: trail.reason,
      status: reply.statusCode,
      upstreamStatus: trail.upstreamStatus,
      durationMs: Math.round(reply.elapsedTime * 10) / 10,
    },
    'request',
  )
}
