import type { FastifyReply, RawServerBase, RouteGenericInterface } from 'fastify'
import { isBehind } from '../../policy/reasons.ts'
import type { Failure } from './failure.ts'
import { ownPageHeaders } from './plain-page.ts'
import { refusalPage } from './refusal-page.ts'

/** A reply of any kind of server: plugins are typed for all of them. */
export type AnyReply = FastifyReply<RouteGenericInterface, RawServerBase>

/** Reasons of the proxy's own that describe the outcome of a request. */
const outcomes: ReadonlySet<string> = new Set(['overloaded', 'audit-unavailable', 'upstream-error', 'internal'])

/** Whether a reason describes the outcome of a request rather than the decision about it: an allowed request stays allowed. */
function isOutcome(reason: string): boolean {
  return isBehind(reason) || outcomes.has(reason)
}

/** Reasons whose sentences repeat nothing of the request. */
const plain: ReadonlySet<string> = new Set<Failure['reason']>(['unauthenticated', 'unknown-endpoint'])

/** Whether a browser shows the answer to a person. Java's own client also accepts plain HTML. */
export function isForReading({ headers }: Pick<AnyReply['request'], 'headers'>): boolean {
  return headers.accept?.includes('application/xhtml+xml') === true
}

/** Sends an error in MLflow's form (or as a page, if a person opened the address), and records its reason for the audit line. */
export function sendFailure<R extends AnyReply>(reply: R, failure: Failure): R {
  const { auditRecord } = reply.request
  auditRecord.reason = failure.reason
  if (plain.has(failure.reason)) auditRecord.said = failure.body.message
  const lacking = auditRecord.decision === 'allow' && failure.reason === 'unknown-endpoint'
  if (!isOutcome(failure.reason) && !lacking) auditRecord.decision = 'deny'
  if (failure.retryAfter !== null) reply.header('retry-after', String(failure.retryAfter))
  if (failure.status === 401) reply.header('www-authenticate', 'Bearer')
  if (failure.close) reply.header('connection', 'close')
  // MLflow's own pages show little of an error: the bar above them reads this, and explains it.
  if (failure.reason === 'closed-endpoint' && reply.request.browser?.person != null)
    reply.header('server-timing', `closed;desc=${JSON.stringify(failure.body.message.replace(/[^ -~]/g, '?'))}`)
  reply.code(failure.status)
  if (isForReading(reply.request)) reply.headers(ownPageHeaders()).send(refusalPage(failure, reply.request.browser))
  else reply.type('application/json').send(JSON.stringify(failure.body))
  return reply
}
