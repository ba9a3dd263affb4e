import type { Refusal } from '../../policy/reasons.ts'
import type { End } from '../network/request-end.ts'

/** What memory is for: a request's body and what is made of it, or an answer of MLflow's. */
export type MemoryUse = 'request' | 'answer'

/** Where all accounts are kept: times in milliseconds, sizes in bytes. */
export interface Accounts {
  clock(): number
  /** Adds to what is held, or takes away from it, at once. */
  add(hold: Hold, bytes: number): void
  /** Adds at once where there is room (null), else as soon as there is. */
  take(hold: Hold, bytes: number): Promise<void> | null
  noteAtClient(hold: Hold, waits: boolean): void
  leave(account: MemoryAccount): void
}

/** What one request holds. */
export class MemoryAccount {
  readonly signal: End | undefined
  readonly #accounts: Accounts
  readonly #holds = new Set<Hold>()

  constructor(accounts: Accounts, signal: End | undefined) {
    this.#accounts = accounts
    this.signal = signal
  }

  /** Begins to hold something, with nothing yet. */
  hold(use: MemoryUse): Hold {
    const hold = new Hold(this.#accounts, this, use)
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
    this.#accounts.leave(this)
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
  readonly #accounts: Accounts
  #onReclaim: ((refusal: Refusal) => void) | null = null

  constructor(accounts: Accounts, account: MemoryAccount, use: MemoryUse) {
    this.#accounts = accounts
    this.account = account
    this.use = use
  }

  /** Makes it `bytes` in all. Waits for more; throws the refusal where there is none, or never can be. */
  async resize(bytes: number): Promise<void> {
    await this.grow(bytes)
  }

  /** The same, with nothing to wait for where it has them at once (null). The refusal of what never can be is thrown when it is waited for. */
  grow(bytes: number): Promise<void> | null {
    const change = Math.ceil(bytes) - this.bytes
    if (change > 0) return this.#accounts.take(this, change)
    if (change < 0) this.#accounts.add(this, change)
    return null
  }

  /** The same without waiting, for what is in memory already. */
  note(bytes: number): void {
    this.#accounts.add(this, Math.ceil(bytes) - this.bytes)
  }

  /** From now on the client is what is waited for: `onReclaim` ends that, when others need the memory. Null: no longer. */
  atClient(onReclaim: ((refusal: Refusal) => void) | null): void {
    this.since = this.#accounts.clock()
    this.#onReclaim = onReclaim
    this.#accounts.noteAtClient(this, onReclaim !== null)
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
    this.#accounts.add(this, -this.bytes)
    this.released = true
  }
}
