import type { FastifyBaseLogger } from 'fastify'
import { isBehind, Refusal } from '../../policy/reasons.ts'
import { describeNetworkError } from '../network/network-error.ts'
import { isTransportError, transportRefusal } from '../upstream/transport-errors.ts'
import { describeError } from './failure.ts'
import { type AnyReply, sendFailure } from './respond.ts'
import { sizeHeader } from './unmet.ts'

function describeCause(cause: unknown): string | null {
  if (cause === undefined) return null
  if (!(cause instanceof Error)) return String(cause)
  const said = describeNetworkError(cause)
  const code = 'code' in cause && !said.includes(String(cause.code)) ? ` (${String(cause.code)})` : ''
  return `${said}${code}`
}

/** Errors that are the caller's fault are not logged; all others are, without values of the request. */
function report(error: unknown, reason: string, { request }: AnyReply): void {
  const { id: requestId, auditRecord } = request
  const log: FastifyBaseLogger = request.log
  const about = { requestId, endpoint: auditRecord.endpoint, reason, upstreamStatus: auditRecord.upstreamStatus }
  if (!(error instanceof Refusal)) {
    if (reason === 'internal') log.error({ ...about, err: error }, 'a request failed')
  } else if (isBehind(error.reason)) {
    // Before the caller is known, MLflow itself was not asked for anything.
    const sentence = request.authenticated === null ? 'the caller could not be identified' : 'MLflow could not be used'
    log.warn({ ...about, said: error.message, cause: describeCause(error.cause) }, sentence)
  }
}

function isUpload({ request: { granted } }: AnyReply): boolean {
  return granted?.grant.endpoint.bytes === 'up'
}

/** Answers a request that failed. `repeatable`: sending it again has no further effect. */
export function answerError<R extends AnyReply>(error: unknown, reply: R, repeatable: boolean): R {
  const { raw, gone } = reply.request
  // A client that disconnected gets no answer, and its connection error is not MLflow's.
  if (gone.aborted || (raw.destroyed && !raw.complete)) {
    reply.request.auditRecord.reason = 'client-gone'
    reply.hijack()
    raw.socket?.destroy()
    return reply
  }
  const known = isTransportError(error)
    ? transportRefusal(error, { again: repeatable, upload: isUpload(reply), after: reply.elapsedTime })
    : error
  const failure = describeError(known)
  report(known, failure.reason, reply)
  reply.headers(sizeHeader(known))
  return sendFailure(reply, failure)
}
