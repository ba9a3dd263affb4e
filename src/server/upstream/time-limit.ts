import { errors } from 'undici'

/**
 * The end of an exchange's patience, whatever it waits for: undici's own limits stand still while a request waits for a connection, begin
 * anew with every interim answer and with every byte.
 */
export class TimeLimit {
  readonly #abort = new AbortController()
  #timer: NodeJS.Timeout | undefined

  /** Aborts the exchange with a `HeadersTimeoutError` when the time is over. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Gives the exchange so many milliseconds from now. */
  begin(milliseconds: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#abort.abort(new errors.HeadersTimeoutError()), milliseconds)
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}
