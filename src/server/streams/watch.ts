import { TookTooLong } from '../upstream/time-limit.ts'
import type { Patience, StreamTimeouts } from './stream-dispatcher.ts'
import type { Transfer } from './transfer.ts'
import type { Reader } from './upload-body.ts'

/** Milliseconds for which the upstream may answer a client that went when all was sent. */
const abandonedFor = 2_000

/** Looks after one exchange of bytes: ends it when the client is gone, and when the upstream stands still. */
export class Watch implements Reader {
  readonly #transfer: Transfer
  readonly #timeouts: StreamTimeouts
  readonly #abort = new AbortController()
  #timer: NodeJS.Timeout | undefined
  /** When the upstream's time to answer is over; by the clock of `performance`. */
  #deadline = 0
  #isSettled = false

  constructor(transfer: Transfer, timeouts: StreamTimeouts) {
    this.#transfer = transfer
    this.#timeouts = timeouts
    if (transfer.gone.aborted) this.#leave()
    else transfer.gone.addEventListener('abort', this.#leave, { once: true })
    if (transfer.upload === null) this.#limit(timeouts.answer)
  }

  /** Ends the exchange when it is aborted. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  readonly waiting = () => this.#limit(this.#timeouts.idle)

  readonly taken = () => clearTimeout(this.#timer)

  readonly last = () => {
    this.#deadline = performance.now() + this.#timeouts.upload[1]
    this.#limit(this.#timeouts.upload)
  }

  #limit([key, milliseconds]: Patience): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#abort.abort(new TookTooLong(key, milliseconds)), milliseconds)
  }

  readonly #leave = () => {
    const { gone, upload } = this.#transfer
    const abort = () => this.#abort.abort(gone.reason)
    // What has all of an upload carries it out, and says when it has.
    if (upload?.isSent !== true || this.#isSettled) return abort()
    clearTimeout(this.#timer)
    this.#timer = setTimeout(abort, this.#timeouts.abandoned ?? abandonedFor)
  }

  /** The upstream has answered, or never will. */
  answered(error: Error | null): void {
    clearTimeout(this.#timer)
    const isAbandoned = error !== null && error === this.#transfer.gone.reason && this.#transfer.upload?.isSent === true
    // It was left alone with all of it, and may still carry it out.
    if (isAbandoned) setTimeout(() => this.#settle(), this.#deadline - performance.now()).unref()
    else this.#settle()
  }

  #settle(): void {
    if (this.#isSettled) return
    this.#isSettled = true
    this.#transfer.settled()
  }

  /** Nothing passes any more. */
  close(): void {
    clearTimeout(this.#timer)
    this.#transfer.gone.removeEventListener('abort', this.#leave)
  }
}
