import type { Grant } from '../policy/grant.ts'
import type { JsonObject } from '../policy/json.ts'
import { parseJson } from '../policy/json-text.ts'
import { Refusal } from '../policy/reasons.ts'
import { clientErrorText } from '../rewrite/error-text.ts'
import type { Failure } from './failure.ts'
import type { UpstreamAnswer } from './upstream.ts'

function readError(text: string): JsonObject | null {
  try {
    const value = parseJson(text)
    return value instanceof Map && typeof value.get('error_code') === 'string' ? value : null
  } catch {
    return null
  }
}

/** MLflow's own error for a granted request, in the caller's names. Throws for an answer that is no error of MLflow's. */
export function upstreamFailure(grant: Grant, answer: Pick<UpstreamAnswer, 'status' | 'text'>): Failure {
  const error = readError(answer.text)
  if (error === null) {
    if (answer.status === 404 || answer.status === 405) {
      throw new Refusal('unknown-endpoint', 'The MLflow server behind this proxy does not have this endpoint.')
    }
    if (answer.status >= 500)
      throw new Refusal(
        grant.endpoint.method === 'GET' ? 'upstream-unavailable' : 'outcome-unknown',
        'MLflow failed on this request.',
      )
    throw new Refusal(
      'unknown-answer',
      'MLflow refused the request in a form that this proxy does not know. Tell its administrators.',
    )
  }
  const errorCode = String(error.get('error_code'))
  const message = clientErrorText(String(error.get('message') ?? ''), errorCode, grant.findings)
  return {
    status: answer.status,
    body: { error_code: errorCode, message },
    reason: 'upstream-error',
    retryAfter: null,
    close: false,
  }
}
