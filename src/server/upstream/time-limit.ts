import { errors } from 'undici'

/** What the upstream is given time for: the keys of `upstream.timeouts`, without their `Seconds`. */
export type TimeKey = 'connect' | 'answer' | 'download' | 'upload' | 'model' | 'pause'

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

  /** Aborts the exchange with `TookTooLong` when the time is over. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Gives the exchange so many milliseconds from now, by a key of the configuration; `more` are not the upstream's own. */
  begin(key: TimeKey, milliseconds: number, more = 0): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#abort.abort(new TookTooLong(key, milliseconds)), milliseconds + more)
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}
