import type { Dispatcher } from 'undici'
import { Refusal } from '../policy/reasons.ts'

/** An answer of MLflow's, read whole. */
export interface UpstreamAnswer {
  readonly status: number
  readonly contentType: string
  readonly text: string
  /** Of an answer that is no text. */
  readonly bytes?: Uint8Array
  /** The time that MLflow asks callers to wait, where it does: seconds, or a date of HTTP. */
  readonly retryAfter?: number | string
}

/** Bytes. More is no answer that clients ask for: their largest pages have some tens of MiB. */
const answerBytes = 128 * 1024 * 1024

/** What a `Retry-After` says, where it can be read. */
export function waitOf(header: unknown): Pick<UpstreamAnswer, 'retryAfter'> {
  if (typeof header !== 'string') return {}
  if (/^[0-9]{1,5}$/.test(header)) return { retryAfter: Number(header) }
  return /^[A-Za-z0-9 ,:]{1,40}$/.test(header) && !Number.isNaN(Date.parse(header)) ? { retryAfter: header } : {}
}

/** Reads an answer whole. */
export async function readAnswer({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<UpstreamAnswer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    // Leaving the loop resets the connection.
    if (size > answerBytes) throw new Refusal('unknown-answer', "MLflow's answer is too large. Ask for fewer rows at once.")
    chunks.push(chunk)
  }
  const bytes = Buffer.concat(chunks)
  const contentType = String(headers['content-type'] ?? '')
  const answer = { status: statusCode, contentType, text: bytes.toString('utf8'), ...waitOf(headers['retry-after']) }
  return contentType.includes('protobuf') ? { ...answer, bytes } : answer
}
