import { isRepeatable } from '../../policy/evaluation-context.ts'
import type { Grant } from '../../policy/grant.ts'
import { Refusal } from '../../policy/reasons.ts'
import { clientErrorText } from '../../rewrite/errors/error-text.ts'
import { UpstreamError } from '../http/failure.ts'
import { refuseIntermediary, type WordlessAnswer } from '../upstream/intermediaries.ts'
import { readOwnError } from '../upstream/proxy-rejections.ts'
import { Throttled } from '../upstream/throttled.ts'
import type { UpstreamAnswer } from '../upstream/upstream-answer.ts'

/** Whether an answer is a served model's own, in any form: Databricks' own answers are errors of its API, or rate limits. */
export function isModelsOwn(answer: Pick<UpstreamAnswer, 'status' | 'text'>): boolean {
  return answer.status >= 400 && answer.status !== 429 && readOwnError(answer) === null
}

/** MLflow's own error for a granted request, with the caller's names. Throws if the answer is not an error of MLflow's. */
export function upstreamError(grant: Grant, answer: WordlessAnswer): UpstreamError {
  const { endpoint, context } = grant
  const error = answer.status >= 400 && answer.status <= 599 ? readOwnError(answer) : null
  // A model's limits are reported in the words of whoever set them.
  if (answer.status === 429 && (endpoint.bytes !== 'both' || error === null)) throw new Throttled(answer.retryAfter ?? 1)
  if (error === null) {
    if (answer.status === 404 || answer.status === 405) {
      throw new Refusal('unknown-endpoint', 'The MLflow server behind this proxy does not have this endpoint.')
    }
    refuseIntermediary(answer, endpoint.method === 'PUT' || isRepeatable(endpoint))
    throw new Refusal('unknown-answer', "MLflow's answer has an unknown form. Tell the operators of the proxy.")
  }
  const errorCode = String(error.get('error_code'))
  const said = String(error.get('message') ?? '')
  // MLflow 2 fails on a missing file: clients would retry seven times, and see the server's folders.
  if (endpoint.bytes === 'down' && answer.status === 500 && said.includes('No such file or directory'))
    throw new Refusal('not-found', 'No such artifact.')
  const message = clientErrorText(said, errorCode, context)
  return new UpstreamError({
    status: answer.status,
    body: { error_code: errorCode, message },
    reason: 'upstream-error',
    retryAfter: answer.retryAfter ?? null,
    close: false,
  })
}
