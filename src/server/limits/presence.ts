/** Milliseconds for which a principal that asked counts as one who asks. */
const lasting = 2_000

interface Asked {
  readonly principal: string
  readonly at: number
}

/** Remembers who asked last, to tell whether a principal is the only one. Times in milliseconds of any one clock. */
export class Presence {
  #latest: Asked | null = null
  /** The last one of somebody else than the latest. */
  #before: Asked | null = null

  note(principal: string, at: number): void {
    if (this.#latest !== null && this.#latest.principal !== principal) this.#before = this.#latest
    this.#latest = { principal, at }
  }

  /** Whether nobody else has asked lately. */
  isAlone(principal: string, now: number): boolean {
    const other = this.#latest?.principal === principal ? this.#before : this.#latest
    return other === null || now - other.at > lasting
  }
}
