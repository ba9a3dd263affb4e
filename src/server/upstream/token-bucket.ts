/**
 * This many requests in any one second: a fifth of them at once, the others evenly spread. (An upstream that counts per second would see
 * twice as many from a bucket that holds a whole second's worth.) Times in milliseconds of any one clock.
 */
export class TokenBucket {
  readonly #capacity: number
  readonly #perMillisecond: number
  #tokens: number
  #countedAt: number | null = null

  constructor(perSecond: number) {
    this.#capacity = Math.max(1, perSecond / 5)
    this.#perMillisecond = (perSecond * 0.8) / 1_000
    this.#tokens = this.#capacity
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
