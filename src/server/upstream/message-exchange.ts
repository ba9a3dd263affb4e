import type { Dispatcher } from 'undici'
import { Refusal } from '../../policy/reasons.ts'
import { JsonWeight, TextWeight } from '../limits/json-weight.ts'
import type { Hold, MemoryAccount } from '../limits/memory-account.ts'
import type { End } from '../network/request-end.ts'
import { AnswerText } from './answer-text.ts'
import type { MessagePool } from './kept-connections.ts'
import { TookTooLong } from './time-limit.ts'
import { type UpstreamAnswer, upstreamAnswer } from './upstream-answer.ts'

type Headers = Parameters<typeof upstreamAnswer>[1]

/** Bytes. Clients never need a larger answer: their largest pages have some tens of MiB. */
const answerBytes = 128 * 1024 * 1024

/** Options of an exchange. */
export interface ExchangeOptions {
  /** Milliseconds until the answer begins, and again until it ends. */
  readonly within: number
  /** Milliseconds to connect, before that. */
  readonly connect: number
  /** Cancels the exchange when it aborts. */
  readonly gone?: End | undefined
  /** Charges the answer as it arrives; default: not charged. */
  readonly memory?: MemoryAccount | undefined
  /** Whether who reads a successful answer charges what it becomes: only its text is charged as it arrives. */
  readonly chargedByReader?: boolean | undefined
}

/** Called when the head of an answer has arrived. */
export type NoteHead = (status: number, headers: Headers) => void

/** One request whose answer is read completely, into memory that is charged as it arrives. It is sent once. */
export class MessageExchange implements Dispatcher.DispatchHandler {
  readonly #options: ExchangeOptions
  readonly #noteHead: NoteHead
  readonly #answer = Promise.withResolvers<UpstreamAnswer>()
  readonly #text = new AnswerText()
  /** Of an answer that is no text. */
  #bytes: Buffer[] | null = null
  #weight: JsonWeight | TextWeight = new JsonWeight()
  readonly #leave = () => {
    const { gone } = this.#options
    if (gone !== undefined) this.#abort(gone.reason)
  }
  #held: Hold | undefined
  #size = 0
  #head: { readonly status: number; readonly headers: Headers } | null = null
  #timer: NodeJS.Timeout | undefined
  #controller: Dispatcher.DispatchController | null = null
  #aborted: { readonly reason: Error } | null = null
  #ended = false

  constructor(options: ExchangeOptions, noteHead: NoteHead) {
    this.#options = options
    this.#noteHead = noteHead
  }

  /** Whether an answer has begun, so that the request was accepted. */
  get begun(): boolean {
    return this.#head !== null
  }

  /** Sends the request. Rejects with undici's errors, `TookTooLong`, the signal's reason, and the refusal of an answer for which there is no memory. */
  over(pool: MessagePool, options: Dispatcher.DispatchOptions): Promise<UpstreamAnswer> {
    const { within, connect, gone, memory } = this.#options
    if (gone?.aborted) return Promise.reject(gone.reason)
    gone?.addEventListener('abort', this.#leave)
    this.#limit(within + connect)
    this.#held = memory?.hold('answer')
    try {
      pool.dispatch(options, this)
    } catch (error) {
      this.#fail(error)
    }
    return this.#answer.promise
  }

  #end(): void {
    this.#ended = true
    clearTimeout(this.#timer)
    this.#options.gone?.removeEventListener('abort', this.#leave)
  }

  /** Of several reasons the first one counts. */
  #fail(error: unknown): void {
    if (this.#ended) return
    this.#end()
    this.#held?.release()
    this.#answer.reject(error)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    // It was cancelled while it waited for a connection.
    if (this.#aborted !== null) controller.abort(this.#aborted.reason)
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Headers): void {
    if (status < 200) return
    this.#head = { status, headers }
    if (headers['content-type']?.includes('protobuf')) this.#bytes = []
    if (status === 200 && this.#options.chargedByReader === true) this.#weight = new TextWeight()
    this.#noteHead(status, headers)
    this.#limit(this.#options.within)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length
    if (this.#size > answerBytes) {
      this.#abort(new Refusal('unknown-answer', "MLflow's answer is too large. Request fewer rows at once."))
      return
    }
    this.#weight.add(chunk)
    this.#text.add(chunk)
    this.#bytes?.push(chunk)
    const wait = this.#held?.grow(this.#weight.bytes)
    if (wait == null) return
    controller.pause()
    wait.then(
      () => controller.resume(),
      (error) => this.#abort(error),
    )
  }

  onResponseEnd(): void {
    if (this.#head === null) return
    const { status, headers } = this.#head
    this.#end()
    const parts = this.#text.end()
    const body = this.#bytes === null ? { parts } : { parts, bytes: Buffer.concat(this.#bytes) }
    this.#answer.resolve(upstreamAnswer(status, headers, body, this.#held))
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error)
  }

  #limit(milliseconds: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#abort(new TookTooLong('answer', this.#options.within)), milliseconds)
  }

  /** Resets the connection, now or as soon as it exists. */
  #abort(reason: Error): void {
    this.#aborted ??= { reason }
    this.#fail(reason)
    this.#controller?.abort(reason)
  }
}
