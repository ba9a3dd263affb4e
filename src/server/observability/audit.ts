import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'

/** A log for lines whose fields are all listed here, so that no redaction is needed. */
export function auditLog(log: Logger): Logger {
  return log.child({}, { redact: [] })
}

/** Writes one line per request: the caller, the request, the decision and its reason. Never a token or a parameter's value. */
export function writeAudit(log: Logger, request: FastifyRequest, reply: FastifyReply): void {
  const { auditRecord } = request
  const { principal, environment, administrator } = auditRecord
  log.info(
    {
      audit: true,
      requestId: request.id,
      tenantId: principal?.tenantId ?? null,
      objectId: principal?.objectId ?? null,
      kind: principal?.kind ?? null,
      environment: environment?.name ?? null,
      administrator,
      method: request.method,
      endpoint: auditRecord.endpoint,
      references: auditRecord.references,
      decision: auditRecord.decision,
      reason: auditRecord.reason ?? (reply.raw.writableFinished ? null : 'client-gone'),
      // If the answer is incomplete, the client may not have seen a status.
      status: reply.raw.headersSent ? reply.statusCode : null,
      complete: reply.raw.writableFinished,
      upstreamStatus: auditRecord.upstreamStatus,
      durationMs: Math.round(reply.elapsedTime * 10) / 10,
    },
    'request',
  )
}

/** The line for bytes that were not a request: nothing in them can be trusted, so none of them is logged. */
export function writeUnreadableAudit(log: Logger, requestId: string, status: number): void {
  const nobody = { tenantId: null, objectId: null, kind: null, environment: null, administrator: false }
  const nothing = { method: null, endpoint: 'unreadable', references: [], decision: 'deny', reason: 'malformed' }
  log.info(
    { audit: true, requestId, ...nobody, ...nothing, status, complete: true, upstreamStatus: null, durationMs: null },
    'request',
  )
}
