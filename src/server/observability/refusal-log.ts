import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { showPath } from './shown-path.ts'

/** Says in the log why a caller got 401 or 404 from the proxy itself, and for which path: most of them are mistakes in a client's settings. */
export function logRefusal(
  log: Pick<Logger, 'info'>,
  { id, auditRecord, method, originalUrl }: FastifyRequest,
  { statusCode }: FastifyReply,
): void {
  if ((statusCode !== 401 && statusCode !== 404) || auditRecord.decision !== 'deny') return
  const { reason, said, endpoint } = auditRecord
  log.info({ requestId: id, statusCode, reason, said, endpoint, method, path: showPath(originalUrl) }, 'a request was refused')
}
