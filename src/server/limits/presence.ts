/** Milliseconds for which a principal counts as active after a request. */
const lasting = 2_000

interface Asked {
  readonly principal: string
  readonly at: number
}

/** Remembers the latest callers, to know whether a principal is the only active one. Times in milliseconds of any one clock. */
export class Presence {
  #latest: Asked | null = null
  /** The latest request of a principal other than the latest one. */
  #before: Asked | null = null

  note(principal: string, at: number): void {
    if (this.#latest !== null && this.#latest.principal !== principal) this.#before = this.#latest
    this.#latest = { principal, at }
  }

  /** Whether no other principal has been active lately. */
  isAlone(principal: string, now: number): boolean {
    const other = this.#latest?.principal === principal ? this.#before : this.#latest
    return other === null || now - other.at > lasting
  }
}
