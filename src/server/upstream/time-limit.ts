import { errors } from 'undici'
import type { UpstreamTimeouts } from '../config/upstream-timeouts.ts'

/** What the upstream is given time for: the keys of `upstream.timeouts`, without their `Seconds`. */
export type TimeKey = keyof UpstreamTimeouts

/** The upstream took longer than the proxy waits. */
export class TookTooLong extends errors.HeadersTimeoutError {
  readonly key: TimeKey
  readonly milliseconds: number

  constructor(key: TimeKey, milliseconds: number) {
    super(`longer than upstream.timeouts.${key}Seconds`)
    this.key = key
    this.milliseconds = milliseconds
  }
}

/**
 * The end of an exchange's patience, whatever it waits for: undici's own limits stand still while a request waits for a connection, begin
 * anew with every interim answer and with every byte.
 */
export class TimeLimit {
  readonly #abort = new AbortController()
  #timer: NodeJS.Timeout | undefined

  /** Aborts the exchange: with `TookTooLong` when the time is over. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Gives the exchange so many milliseconds from now, by a key of the configuration; `more` are not the upstream's own. */
  begin(key: TimeKey, milliseconds: number, more = 0): void {
    this.#endIn(milliseconds + more, () => new TookTooLong(key, milliseconds))
  }

  /** Aborts the exchange for another reason: at once, or in so many milliseconds in the place of its limit. */
  abort(reason: unknown, milliseconds = 0): void {
    this.end()
    if (milliseconds > 0) this.#endIn(milliseconds, () => reason)
    else this.#abort.abort(reason)
  }

  end(): void {
    clearTimeout(this.#timer)
  }

  #endIn(milliseconds: number, why: () => unknown): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#abort.abort(why()), milliseconds)
  }
}
