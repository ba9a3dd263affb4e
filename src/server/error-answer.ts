import type { OpenEndpoint } from '../policy/endpoint.ts'
import type { Grant } from '../policy/grant.ts'
import type { JsonObject } from '../policy/json.ts'
import { parseIfJson } from '../policy/json-text.ts'
import { isRepeatable } from '../policy/judgement.ts'
import { Refusal } from '../policy/reasons.ts'
import { clientErrorText } from '../rewrite/error-text.ts'
import type { Failure } from './failure.ts'
import { Throttled } from './throttled.ts'
import type { UpstreamAnswer } from './upstream-answer.ts'

/** MLflow's codes for what FastAPI says with a status and a sentence alone. */
const detailCodes = new Map([
  [400, 'INVALID_PARAMETER_VALUE'],
  [422, 'INVALID_PARAMETER_VALUE'],
  [501, 'NOT_IMPLEMENTED'],
])

/** MLflow's error; where its routes for artifacts refuse a request in the way of FastAPI, the same in MLflow's. */
function readError({ status, text }: Pick<UpstreamAnswer, 'status' | 'text'>): JsonObject | null {
  const value = parseIfJson(text)
  if (!(value instanceof Map)) return null
  if (typeof value.get('error_code') === 'string') return value
  const detail = value.get('detail')
  const errorCode = detailCodes.get(status)
  if (errorCode === undefined || typeof detail !== 'string') return null
  return new Map([
    ['error_code', errorCode],
    ['message', detail],
  ])
}

/** A failure without MLflow's own words for it may have come from anything in between, before or after the request was carried out. */
function failed(endpoint: OpenEndpoint): Refusal {
  if (endpoint.method === 'PUT' || isRepeatable(endpoint))
    return new Refusal('upstream-unavailable', 'MLflow failed on this request. Try again shortly.')
  return new Refusal(
    'outcome-unknown',
    'MLflow failed on this request, which may have been carried out all the same. Look before you send it again.',
  )
}

/** Whether an answer is a served model's own, in whatever form: what Databricks says itself is an error of its API, or a limit reached. */
export function isModelsOwn(answer: Pick<UpstreamAnswer, 'status' | 'text'>): boolean {
  return answer.status >= 400 && answer.status !== 429 && readError(answer) === null
}

/** MLflow's own error for a granted request, in the caller's names. Throws for an answer that is no error of MLflow's. */
export function upstreamFailure(grant: Grant, answer: Pick<UpstreamAnswer, 'status' | 'text' | 'retryAfter'>): Failure {
  const { endpoint, findings } = grant
  const error = answer.status >= 400 && answer.status <= 599 ? readError(answer) : null
  // A model's limits are told in the words of whoever set them.
  if (answer.status === 429 && (endpoint.bytes !== 'both' || error === null)) throw new Throttled(answer.retryAfter ?? 1)
  if (error === null) {
    if (answer.status === 404 || answer.status === 405) {
      throw new Refusal('unknown-endpoint', 'The MLflow server behind this proxy does not have this endpoint.')
    }
    if (answer.status >= 500) throw failed(endpoint)
    throw new Refusal(
      'unknown-answer',
      'MLflow refused the request in a form that this proxy does not know. Tell its administrators.',
    )
  }
  const errorCode = String(error.get('error_code'))
  const said = String(error.get('message') ?? '')
  // MLflow 2 fails on a file that is not there: clients would ask seven times, and be told of the server's folders.
  if (endpoint.bytes === 'down' && answer.status === 500 && said.includes('No such file or directory'))
    throw new Refusal('not-found', 'No such artifact.')
  const message = clientErrorText(said, errorCode, findings)
  return {
    status: answer.status,
    body: { error_code: errorCode, message },
    reason: 'upstream-error',
    retryAfter: answer.retryAfter ?? null,
    close: false,
  }
}
