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

/** An answer that has come whole. */
export function upstreamAnswer(status: number, headers: IncomingHttpHeaders, bytes: Buffer, held?: Hold): UpstreamAnswer {
  const contentType = headers['content-type'] ?? ''
  const answer = {
    status,
    contentType,
    text: bytes.toString('utf8'),
    ...waitOf(headers['retry-after']),
    ...serverOf(headers.server),
    ...(typeof headers.location === 'string' ? { location: headers.location } : {}),
    ...(held === undefined ? {} : { held }),
  }
  return contentType.includes('protobuf') ? { ...answer, bytes } : answer
}

/** An answer that is read at once, for a fact or two, and then forgotten: its memory is given back in the next turn of the event loop. */
export function briefly(answer: UpstreamAnswer): UpstreamAnswer {
  setImmediate(() => answer.held?.release())
  return answer
}
