import type { IncomingHttpHeaders } from 'node:http'
import type { Hold } from '../limits/memory-account.ts'
import { readRetryAfter } from '../network/retry-after.ts'

/** An answer of MLflow's, read whole. */
export interface UpstreamAnswer {
  readonly status: number
  readonly contentType: string
  readonly text: string
  /** Of an answer that is no text. */
  readonly bytes?: Uint8Array
  /** The time that MLflow asks callers to wait, where it does: seconds, or a date of HTTP. */
  readonly retryAfter?: number | string
  /** The program that answered, as far as it says. */
  readonly server?: string
  /** Where an answer sends to. */
  readonly location?: string
  /** What is counted for it in memory, until the request is over or it is given back. */
  readonly held?: Hold
}

/** What a `Retry-After` says, where it can be read. */
export function waitOf(header: unknown): Pick<UpstreamAnswer, 'retryAfter'> {
  const retryAfter = readRetryAfter(header)
  return retryAfter === undefined ? {} : { retryAfter }
}

/** What a `Server` says, where it is no more than a name and a version. */
export function serverOf(header: unknown): Pick<UpstreamAnswer, 'server'> {
  return typeof header === 'string' && /^[A-Za-z][\w.+/ -]{0,40}$/.test(header) ? { server: header } : {}
}

/** What an answer says, as it came. */
export interface AnswerBody {
  /** Its text, in parts. */
  readonly parts: readonly string[]
  /** Of an answer that is no text. */
  readonly bytes?: Uint8Array
}

/** The parts of long texts. A copy of an answer that says something else has none of its own. */
const partsOf = new WeakMap<UpstreamAnswer, readonly string[]>()

/** The text of an answer in parts: who reads a long one in turns does not wait until they are put together. */
export function textParts(answer: UpstreamAnswer): readonly string[] {
  return partsOf.get(answer) ?? [answer.text]
}

/** An answer that has come whole. */
export function upstreamAnswer(
  status: number,
  headers: IncomingHttpHeaders,
  { parts, bytes }: AnswerBody,
  held?: Hold,
): UpstreamAnswer {
  const rest = {
    status,
    contentType: headers['content-type'] ?? '',
    ...waitOf(headers['retry-after']),
    ...serverOf(headers.server),
    ...(typeof headers.location === 'string' ? { location: headers.location } : {}),
    ...(held === undefined ? {} : { held }),
    ...(bytes === undefined ? {} : { bytes }),
  }
  const [text = '', ...more] = parts
  if (more.length === 0) return { ...rest, text }
  const answer = {
    ...rest,
    get text() {
      return parts.join('')
    },
  }
  partsOf.set(answer, parts)
  return answer
}

/** An answer that is read at once, for a fact or two, and then forgotten: its memory is given back in the next turn of the event loop. */
export function briefly(answer: UpstreamAnswer): UpstreamAnswer {
  setImmediate(() => answer.held?.release())
  return answer
}
