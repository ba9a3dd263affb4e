import { TokenBucket } from '../upstream/token-bucket.ts'

const spacing = 7_000
const refill = 20_000
const capacity = 6

/**
 * How often callers may make the proxy read the issuer's keys: at once if the last reading is 7 s old, so that a new key is
 * accepted within 10 s, but only three times a minute under a lasting flood. Times in milliseconds of any one clock.
 */
export class ReadBudget {
  readonly #bucket = new TokenBucket(capacity, 1 / refill)
  #lastReading: number | null = null

  /** Records that a reading starts now, for whatever reason. */
  note(now: number): void {
    this.#lastReading = now
  }

  /** Whether a caller's request may start a reading now; if so, the budget is charged. */
  take(now: number): boolean {
    if (this.#lastReading !== null && now - this.#lastReading < spacing) return false
    return this.#bucket.enter(now, 0).entered
  }
}
