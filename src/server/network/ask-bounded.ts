import { type Dispatcher, request } from 'undici'
import { readBounded } from './bounded-text.ts'
import { readRetryAfter, secondsToWait } from './retry-after.ts'

/** A small answer of another service. */
interface BoundedAnswer {
  readonly status: number
  /** Seconds for which it wants to be left alone, at least one. */
  readonly retryAfter: number
  readonly text: string
}

interface Question {
  readonly dispatcher: Dispatcher
  readonly token: string
  /** What is posted; left out: it is a GET. */
  readonly message?: object | undefined
  /** Milliseconds for all of it. */
  readonly within: number
  /** Bytes of the answer. */
  readonly most: number
}

/** Asks another service with the proxy's own token. Rejects if it does not answer in time, or with too much. */
export async function askBounded(url: string, { dispatcher, token, message, within, most }: Question): Promise<BoundedAnswer> {
  const signal = AbortSignal.timeout(within)
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json', 'accept-encoding': 'identity' }
  const type = message === undefined ? {} : { 'content-type': 'application/json' }
  const posted = message === undefined ? {} : { method: 'POST' as const, body: JSON.stringify(message) }
  const answer = await request(url, { dispatcher, signal, headers: { ...headers, ...type }, ...posted })
  const text = await readBounded(answer.body, most)
  return { status: answer.statusCode, retryAfter: secondsToWait(readRetryAfter(answer.headers['retry-after'])) || 1, text }
}
