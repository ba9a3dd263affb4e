const spacing = 7_000
const refill = 20_000
const capacity = 6

/**
 * How often callers may make the proxy read the issuer's keys: at once when the last reading is 7 s old, so that a new key is
 * taken within 10 s, but under a lasting flood only three times a minute. Times in milliseconds of any one clock.
 */
export class ReadBudget {
  #tokens = capacity
  #countedAt: number | null = null
  #lastReading: number | null = null

  /** Remembers that a reading starts now, whoever wanted it. */
  note(now: number): void {
    this.#lastReading = now
  }

  /** Whether a reading may start now on a caller's behalf; if so, it is paid for. */
  take(now: number): boolean {
    this.#tokens = Math.min(capacity, this.#tokens + (now - (this.#countedAt ?? now)) / refill)
    this.#countedAt = now
    if (this.#tokens < 1 || (this.#lastReading !== null && now - this.#lastReading < spacing)) return false
    this.#tokens -= 1
    return true
  }
}
