/**
 * Every reason for which the proxy itself refuses a request, with its HTTP status and MLflow error code.
 *
 * The codes are those that every supported client version knows. No status is one that MLflow clients replay on any method
 * (408, 429, 500, 502, 503, 504), but for `overloaded`, `audit-unavailable`, `issuer-unavailable`, `upstream-unavailable` and `upstream-busy`, which say that nothing was carried out.
 */
export const reasons = {
  unauthenticated: { status: 401, errorCode: 'CUSTOMER_UNAUTHORIZED' },
  'no-environment': { status: 403, errorCode: 'PERMISSION_DENIED' },
  'environment-not-chosen': { status: 403, errorCode: 'PERMISSION_DENIED' },
  'environment-not-allowed': { status: 403, errorCode: 'PERMISSION_DENIED' },
  'unknown-endpoint': { status: 404, errorCode: 'ENDPOINT_NOT_FOUND' },
  'closed-endpoint': { status: 403, errorCode: 'PERMISSION_DENIED' },
  'cross-site': { status: 400, errorCode: 'BAD_REQUEST' },
  malformed: { status: 400, errorCode: 'INVALID_PARAMETER_VALUE' },
  'invalid-parameter': { status: 400, errorCode: 'INVALID_PARAMETER_VALUE' },
  unprocessable: { status: 422, errorCode: 'INVALID_PARAMETER_VALUE' },
  'outside-range': { status: 416, errorCode: 'INVALID_PARAMETER_VALUE' },
  'precondition-failed': { status: 412, errorCode: 'BAD_REQUEST' },
  'too-large': { status: 413, errorCode: 'BAD_REQUEST' },
  'uri-too-long': { status: 414, errorCode: 'BAD_REQUEST' },
  'foreign-name': { status: 403, errorCode: 'PERMISSION_DENIED' },
  'not-found': { status: 404, errorCode: 'RESOURCE_DOES_NOT_EXIST' },
  stage: { status: 403, errorCode: 'PERMISSION_DENIED' },
  'production-version': { status: 403, errorCode: 'PERMISSION_DENIED' },
  frozen: { status: 403, errorCode: 'PERMISSION_DENIED' },
  'foreign-source': { status: 403, errorCode: 'PERMISSION_DENIED' },
  'serving-limit': { status: 403, errorCode: 'PERMISSION_DENIED' },
  'local-source': { status: 400, errorCode: 'INVALID_PARAMETER_VALUE' },
  'read-only': { status: 403, errorCode: 'PERMISSION_DENIED' },
  'promotion-refused': { status: 403, errorCode: 'PERMISSION_DENIED' },
  'promotion-conflict': { status: 409, errorCode: 'BAD_REQUEST' },
  'no-multipart': { status: 501, errorCode: 'NOT_IMPLEMENTED' },
  'registry-absent': { status: 403, errorCode: 'PERMISSION_DENIED', behind: true },
  'registration-incomplete': { status: 409, errorCode: 'BAD_REQUEST', behind: true },
  'outcome-unknown': { status: 409, errorCode: 'BAD_REQUEST', behind: true },
  'upstream-refused': { status: 501, errorCode: 'INTERNAL_ERROR', behind: true },
  'upstream-forbids': { status: 403, errorCode: 'PERMISSION_DENIED', behind: true },
  'upstream-too-large': { status: 413, errorCode: 'BAD_REQUEST', behind: true },
  'upstream-uri-too-long': { status: 414, errorCode: 'BAD_REQUEST', behind: true },
  'upstream-headers-too-large': { status: 431, errorCode: 'BAD_REQUEST', behind: true },
  'unknown-answer': { status: 501, errorCode: 'INTERNAL_ERROR', behind: true },
  'upstream-busy': { status: 429, errorCode: 'REQUEST_LIMIT_EXCEEDED', behind: true },
  'audit-unavailable': { status: 503, errorCode: 'TEMPORARILY_UNAVAILABLE' },
  overloaded: { status: 503, errorCode: 'TEMPORARILY_UNAVAILABLE' },
  'issuer-unavailable': { status: 503, errorCode: 'TEMPORARILY_UNAVAILABLE', behind: true },
  'upstream-unavailable': { status: 503, errorCode: 'TEMPORARILY_UNAVAILABLE', behind: true },
} as const satisfies Record<string, { status: number; errorCode: string; behind?: true }>

/** MLflow's own words for storage without multipart uploads, by which clients know to send the file as one. */
export const noMultipart = 'Multipart upload is not supported for the current artifact repository'

export type Reason = keyof typeof reasons

const behind: ReadonlySet<string> = new Set(Object.entries(reasons).flatMap(([reason, row]) => ('behind' in row ? [reason] : [])))

/** Whether a reason is no judgement of the request: something is wrong behind the proxy. */
export function isBehind(reason: string): boolean {
  return behind.has(reason)
}

/** A refusal: a stable reason and one sentence for the person who reads it. Thrown by pure and impure code alike. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly reason: Reason
  constructor(reason: Reason, message: string) {
    super(message)
    this.reason = reason
  }
}
