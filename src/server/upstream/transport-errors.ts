import { Refusal } from '../../policy/reasons.ts'
import { TookTooLong } from './time-limit.ts'
import { isUnsent } from './upstream-connector.ts'

function codeOf(error: unknown): string {
  // Some of undici's parser errors have no code.
  if (error instanceof Error && error.name === 'HTTPParserError') return 'HPE_'
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
}

/** What was sent: whether repeating it has no further effect, whether it was an upload, and how many milliseconds ago. */
interface Sent {
  readonly again: boolean
  readonly upload?: boolean
  readonly after?: number
}

/** Whether an error came from the connection to MLflow, and not from a bug in this program. */
export function isTransportError(error: unknown): boolean {
  return isUnsent(error) || /^(UND_ERR_(?!INVALID_ARG)|HPE_|ECONN|EPIPE|ETIMEDOUT|FST_REPLY_FROM)/.test(codeOf(error))
}

/** Whether MLflow, or an intermediary, sent an invalid HTTP answer. */
function isUnreadable(error: unknown): boolean {
  return /^(HPE_|UND_ERR_HEADERS_OVERFLOW)/.test(codeOf(error))
}

/** Whether the answer took too long: a retry would take as long again. */
export function isTimeout(error: unknown): boolean {
  return /_TIMEOUT$/.test(codeOf(error))
}

/** Whether there was no memory for an answer: the request may have been carried out. */
export function isOverload(error: unknown): boolean {
  return error instanceof Refusal && error.reason === 'overloaded'
}

function tookTooLong(error: unknown): TookTooLong | null {
  if (error instanceof TookTooLong) return error
  // @fastify/reply-from wraps it.
  return error instanceof Error && error.cause instanceof TookTooLong ? error.cause : null
}

/** The key of the exceeded limit, as a sentence; '' if unknown. */
function limitOf(error: unknown): string {
  const known = tookTooLong(error)
  if (known !== null) return ` The limit is this proxy's upstream.timeouts.${known.key}Seconds, ${known.milliseconds / 1_000} s.`
  return codeOf(error) === 'UND_ERR_BODY_TIMEOUT' ? " The limit is this proxy's upstream.timeouts.pauseSeconds." : ''
}

/** Milliseconds from which on the end of a connection is somebody's limit more often than an accident. */
const longWait = 20_000

/** Servers have limits of their own, and say nothing when they are over. */
function endOf({ after = 0 }: Sent): string {
  if (after < longWait) return ''
  const seconds = Math.round(after / 1_000)
  return ` It ended after ${seconds} s, which is not a limit of this proxy, but of MLflow (such as gunicorn's --timeout) or of an intermediary in front of it.`
}

/** Whoever waited for nothing is told what to do; `again`: sending it once more changes nothing. */
function timeoutRefusal(error: unknown, { again, upload = false }: Sent): Refusal {
  const limit = limitOf(error)
  if (upload && tookTooLong(error)?.key === 'pause')
    return new Refusal('outcome-unknown', `MLflow stopped reading the upload before its end. Try again later.${limit}`)
  if (upload)
    return new Refusal(
      'outcome-unknown',
      `MLflow received the whole upload, but did not answer in time: it may still be storing it. Check whether it is there before you send it again.${limit}`,
    )
  if (again)
    return new Refusal('upstream-unavailable', `MLflow did not answer in time. Try again later, or request less at once.${limit}`)
  return new Refusal(
    'outcome-unknown',
    `MLflow did not answer in time: the request may have been carried out, or may still be. Check before you send it again.${limit}`,
  )
}

function refusalOf(error: unknown, sent: Sent): Refusal {
  if (isUnsent(error)) return new Refusal('upstream-unavailable', 'MLflow does not answer at the moment. Try again shortly.')
  if (isTimeout(error)) return timeoutRefusal(error, sent)
  if (!sent.again) {
    return new Refusal(
      'outcome-unknown',
      `The connection to MLflow broke after the request was sent: it may have been carried out. Check before you send it again.${endOf(sent)}`,
    )
  }
  if (isUnreadable(error)) return new Refusal('unknown-answer', "MLflow's answer is not valid HTTP. See the proxy's log.")
  return new Refusal('upstream-unavailable', `The connection to MLflow broke. Try again shortly.${endOf(sent)}`)
}

/** What the caller is told when MLflow could not be asked: try again only when nothing was sent, or sending twice is harmless. */
export function transportRefusal(error: unknown, sent: Sent): Refusal {
  if (error instanceof Refusal && (sent.again || !isOverload(error))) return error
  const refusal = refusalOf(error, sent)
  refusal.cause = error
  return refusal
}
