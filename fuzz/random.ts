/** Pseudo-random draws (mulberry32): quick, and the same for the same seed. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ (seed >>> 13)
  }

  /** A whole number of 32 bits. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }

  /** A whole number from 0 on, below `limit`. */
  below(limit: number): number {
    return limit <= 1 ? 0 : this.next() % limit
  }

  /** True once in `times`, on average. */
  once(times: number): boolean {
    return this.below(times) === 0
  }

  /** Throws Error where there is nothing to pick from. */
  pick<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)]
    if (value === undefined) throw new Error('nothing to pick from')
    return value
  }

  /** The same, where there may be nothing. */
  maybe<T>(values: readonly T[]): T | undefined {
    return values[this.below(values.length)]
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)))
  }
}
