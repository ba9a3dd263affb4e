import { type TimeKey, TimeLimit } from '../../upstream/time-limit.ts'
import type { Transfer } from './transfer.ts'
import type { Reader } from './upload-body.ts'

/** The configuration key of a limit, and its milliseconds. */
type NamedLimit = readonly [key: TimeKey, milliseconds: number]

/** The upstream's limits: to begin its answer, to begin it after a complete upload, to take the next chunk; and in milliseconds, to answer a client that has disconnected. */
export interface StreamTimeouts {
  readonly answer: NamedLimit
  readonly upload: NamedLimit
  readonly idle: NamedLimit
  readonly abandoned?: number
}

/** Milliseconds for which the upstream may still answer a client that disconnected after sending everything. */
const abandonedFor = 2_000

/** Watches one exchange of bytes: ends it if the client disconnects, or if the upstream stalls. */
export class Watch implements Reader {
  readonly #transfer: Transfer
  readonly #timeouts: StreamTimeouts
  readonly #limit = new TimeLimit()
  /** When the upstream's time to answer ends, by the clock of `performance`. */
  #deadline = 0
  #isSettled = false

  constructor(transfer: Transfer, timeouts: StreamTimeouts) {
    this.#transfer = transfer
    this.#timeouts = timeouts
    if (transfer.gone.aborted) this.#leave()
    else transfer.gone.addEventListener('abort', this.#leave, { once: true })
    if (transfer.upload === null) this.#limit.begin(...timeouts.answer)
  }

  /** Ends the exchange when it is aborted. */
  get signal(): AbortSignal {
    return this.#limit.signal
  }

  readonly waiting = () => this.#limit.begin(...this.#timeouts.idle)

  readonly taken = () => this.#limit.end()

  readonly last = () => {
    this.#deadline = performance.now() + this.#timeouts.upload[1]
    this.#limit.begin(...this.#timeouts.upload)
  }

  readonly #leave = () => {
    const { gone, upload } = this.#transfer
    // An upstream that has the whole upload completes it, and answers when it has.
    const mayAnswer = upload?.isSent === true && !this.#isSettled
    this.#limit.abort(gone.reason, mayAnswer ? (this.#timeouts.abandoned ?? abandonedFor) : 0)
  }

  /** The upstream has answered, or never will. */
  answered(error: Error | null): void {
    this.#limit.end()
    const isAbandoned = error !== null && error === this.#transfer.gone.reason && this.#transfer.upload?.isSent === true
    // It has the whole upload, and may still complete it.
    if (isAbandoned) setTimeout(() => this.#settle(), this.#deadline - performance.now()).unref()
    else this.#settle()
  }

  #settle(): void {
    if (this.#isSettled) return
    this.#isSettled = true
    this.#transfer.settled()
  }

  /** No more bytes are passed. */
  close(): void {
    this.#limit.end()
    this.#transfer.gone.removeEventListener('abort', this.#leave)
  }
}
