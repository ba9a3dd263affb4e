import type { Dispatcher } from 'undici'
import { Refusal } from '../../policy/reasons.ts'
import { JsonWeight } from '../limits/json-weight.ts'
import type { Hold, MemoryAccount } from '../limits/memory-account.ts'

type Received = Dispatcher.ResponseData

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

/** Bytes. More is no answer that clients ask for: their largest pages have some tens of MiB. */
const answerBytes = 128 * 1024 * 1024

/** What a `Retry-After` says, where it can be read. */
export function waitOf(header: unknown): Pick<UpstreamAnswer, 'retryAfter'> {
  if (typeof header !== 'string') return {}
  if (/^[0-9]{1,5}$/.test(header)) return { retryAfter: Number(header) }
  return /^[A-Za-z0-9 ,:]{1,40}$/.test(header) && !Number.isNaN(Date.parse(header)) ? { retryAfter: header } : {}
}

/** What a `Server` says, where it is no more than a name and a version. */
export function serverOf(header: unknown): Pick<UpstreamAnswer, 'server'> {
  return typeof header === 'string' && /^[A-Za-z][\w.+/ -]{0,40}$/.test(header) ? { server: header } : {}
}

/** Reads an answer whole, into memory that is counted as it comes. Throws where it is too large, or there is no memory for it. */
export async function readAnswer({ statusCode, headers, body }: Received, memory?: MemoryAccount): Promise<UpstreamAnswer> {
  const chunks: Buffer[] = []
  let size = 0
  const weight = new JsonWeight()
  const held = memory?.hold('answer')
  try {
    for await (const chunk of body) {
      size += chunk.length
      // Leaving the loop resets the connection.
      if (size > answerBytes) throw new Refusal('unknown-answer', "MLflow's answer is too large. Ask for fewer rows at once.")
      weight.add(chunk)
      await held?.resize(weight.bytes)
      chunks.push(chunk)
    }
  } catch (error) {
    held?.release()
    throw error
  }
  const bytes = Buffer.concat(chunks)
  const contentType = String(headers['content-type'] ?? '')
  const answer = {
    status: statusCode,
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
