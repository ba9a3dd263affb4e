import type { Refusal } from '../../policy/reasons.ts'
import type { MemoryBudget, MemoryUse } from './memory-budget.ts'

/** What one request holds. */
export class MemoryAccount {
  readonly signal: AbortSignal | undefined
  readonly #budget: MemoryBudget
  readonly #holds = new Set<Hold>()

  constructor(budget: MemoryBudget, signal: AbortSignal | undefined) {
    this.#budget = budget
    this.signal = signal
  }

  /** Begins to hold something, with nothing yet. */
  hold(use: MemoryUse): Hold {
    const hold = new Hold(this.#budget, this, use)
    this.#holds.add(hold)
    return hold
  }

  /** Bytes that are held for a use. */
  total(use: MemoryUse): number {
    let total = 0
    for (const hold of this.#holds) if (hold.use === use) total += hold.bytes
    return total
  }

  /** Called by holds. */
  forget(hold: Hold): void {
    this.#holds.delete(hold)
  }

  /** Gives everything back. May be called more than once. */
  release(): void {
    for (const hold of this.#holds) hold.release()
    this.#budget.leave(this)
  }
}

/** Memory that is held for one thing: a body, an answer. */
export class Hold {
  readonly account: MemoryAccount
  readonly use: MemoryUse
  /** Bytes. Changed by the budget alone. */
  bytes = 0
  /** When the client began to be what is waited for. */
  since = 0
  released = false
  readonly #budget: MemoryBudget
  #onReclaim: ((refusal: Refusal) => void) | null = null

  constructor(budget: MemoryBudget, account: MemoryAccount, use: MemoryUse) {
    this.#budget = budget
    this.account = account
    this.use = use
  }

  /** Makes it `bytes` in all. Waits for more; throws the refusal where there is none, or never can be. */
  async resize(bytes: number): Promise<void> {
    const change = Math.ceil(bytes) - this.bytes
    if (change > 0) await this.#budget.take(this, change)
    else if (change < 0) this.#budget.add(this, change)
  }

  /** The same without waiting, for what is in memory already. */
  note(bytes: number): void {
    this.#budget.add(this, Math.ceil(bytes) - this.bytes)
  }

  /** From now on the client is what is waited for: `onReclaim` ends that, when others need the memory. Null: no longer. */
  atClient(onReclaim: ((refusal: Refusal) => void) | null): void {
    this.since = this.#budget.clock()
    this.#onReclaim = onReclaim
    this.#budget.noteAtClient(this, onReclaim !== null)
  }

  /** Called by the budget. */
  reclaim(refusal: Refusal): void {
    const end = this.#onReclaim
    this.release()
    end?.(refusal)
  }

  /** Gives all of it back. May be called more than once. */
  release(): void {
    this.atClient(null)
    this.account.forget(this)
    this.#budget.add(this, -this.bytes)
    this.released = true
  }
}
