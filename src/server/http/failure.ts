import { type Reason, Refusal, reasons } from '../../policy/reasons.ts'
import { Throttled } from '../upstream/throttled.ts'
import { Unavailable } from '../upstream/unavailable.ts'

/** An error as it is sent to the client, in the form that every MLflow client understands. */
export interface Failure {
  readonly status: number
  readonly body: { readonly error_code: string; readonly message: string }
  readonly reason: Reason | 'internal' | 'upstream-error'
  /** Seconds, or MLflow's own header. */
  readonly retryAfter: number | string | null
  /** The connection must not be reused: its framing is no longer certain. */
  readonly close: boolean
}

/** Nothing was carried out, and it may be over in a second. */
const soon: readonly Reason[] = ['issuer-unavailable', 'upstream-unavailable', 'audit-unavailable', 'overloaded']

function retryAfterOf(refusal: Refusal): number | string | null {
  if (refusal instanceof Throttled || refusal instanceof Unavailable) return refusal.retryAfter
  return soon.includes(refusal.reason) ? 1 : null
}

/** The upstream's own error for a granted request, with the caller's names. */
export class UpstreamError extends Error {
  readonly failure: Failure
  constructor(failure: Failure) {
    super(failure.body.message)
    this.failure = failure
  }
}

/** The client's view of a refusal. */
function failureOf(refusal: Refusal): Failure {
  const { status, errorCode } = reasons[refusal.reason]
  return {
    status,
    body: { error_code: errorCode, message: refusal.message },
    reason: refusal.reason,
    retryAfter: retryAfterOf(refusal),
    close: false,
  }
}

function hasCode(error: unknown): error is { code: string; statusCode?: number } {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
}

/** The client's view of any error: refusals by their reason, the upstream's unchanged, Fastify's own by their status, bugs without details. */
export function describeError(error: unknown): Failure {
  if (error instanceof UpstreamError) return error.failure
  if (error instanceof Refusal) return failureOf(error)
  if (hasCode(error) && error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return { ...failureOf(new Refusal('too-large', 'The request body is too large.')), close: true }
  }
  if (hasCode(error) && error.code.startsWith('FST_ERR_CTP')) {
    return failureOf(new Refusal('malformed', 'The body does not match its Content-Type or Content-Length.'))
  }
  // MLflow clients do not retry 501: a bug must not turn one write into seven.
  const body = {
    error_code: 'INTERNAL_ERROR',
    message: 'The proxy failed on this request; its log has the details under the request id.',
  }
  return { status: 501, body, reason: 'internal', retryAfter: null, close: false }
}
