/** Lets `capacity` through at once, and then one whenever a token has been added. Times in milliseconds of any one clock. */
export class TokenBucket {
  readonly #capacity: number
  readonly #perMillisecond: number
  #tokens: number
  #countedAt: number | null = null

  /** `perMillisecond`: how many tokens are added in a millisecond. */
  constructor(capacity: number, perMillisecond: number) {
    this.#capacity = capacity
    this.#perMillisecond = perMillisecond
    this.#tokens = capacity
  }

  /** Reserves a turn and returns the time until then, 0 for now; reserves none if that exceeds `most`. */
  enter(now: number, most: number): { readonly wait: number; readonly entered: boolean } {
    const gained = (now - (this.#countedAt ?? now)) * this.#perMillisecond
    this.#tokens = Math.min(this.#capacity, this.#tokens + gained)
    this.#countedAt = now
    const wait = Math.max(0, (1 - this.#tokens) / this.#perMillisecond)
    const entered = wait <= most
    if (entered) this.#tokens -= 1
    return { wait, entered }
  }
}
