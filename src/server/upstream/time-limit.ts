import { errors } from 'undici'
import type { UpstreamTimeouts } from '../config/upstream-timeouts.ts'

/** The phases with a time limit: the keys of `upstream.timeouts`, without their `Seconds`. */
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
 * Limits the time of an exchange in every phase: undici's own limits do not run while a request waits for a connection, and restart
 * with every interim answer and every byte.
 */
export class TimeLimit {
  readonly #abort = new AbortController()
  #timer: NodeJS.Timeout | undefined

  /** Aborts the exchange, with `TookTooLong` if the time is up. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Sets the remaining time, by a key of the configuration; `more` milliseconds are not the upstream's. */
  begin(key: TimeKey, milliseconds: number, more = 0): void {
    this.#endIn(milliseconds + more, () => new TookTooLong(key, milliseconds))
  }

  /** Aborts the exchange for another reason: at once, or after this many milliseconds instead of its limit. */
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
