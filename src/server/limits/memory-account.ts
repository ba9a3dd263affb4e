import type { Refusal } from '../../policy/reasons.ts'
import type { End } from '../network/request-end.ts'

/** Uses of memory: a request's body and what is made from it, or MLflow's answer. */
export type MemoryUse = 'request' | 'answer'

/** The owner of all accounts: times in milliseconds, sizes in bytes. */
export interface Accounts {
  clock(): number
  /** Adds to the memory in use, or subtracts from it, at once. */
  add(hold: Hold, bytes: number): void
  /** Adds at once if there is room (null), otherwise as soon as there is. */
  take(hold: Hold, bytes: number): Promise<void> | null
  noteAtClient(hold: Hold, waits: boolean): void
  leave(account: MemoryAccount): void
}

/** The memory of one request. */
export class MemoryAccount {
  readonly signal: End | undefined
  readonly #accounts: Accounts
  readonly #holds = new Set<Hold>()

  constructor(accounts: Accounts, signal: End | undefined) {
    this.#accounts = accounts
    this.signal = signal
  }

  /** Starts a hold of zero bytes. */
  hold(use: MemoryUse): Hold {
    const hold = new Hold(this.#accounts, this, use)
    this.#holds.add(hold)
    return hold
  }

  /** Bytes held for one use. */
  total(use: MemoryUse): number {
    let total = 0
    for (const hold of this.#holds) if (hold.use === use) total += hold.bytes
    return total
  }

  /** Called by holds. */
  forget(hold: Hold): void {
    this.#holds.delete(hold)
  }

  /** Releases everything. May be called repeatedly. */
  release(): void {
    for (const hold of this.#holds) hold.release()
    this.#accounts.leave(this)
  }
}

/** Memory held for one body or answer. */
export class Hold {
  readonly account: MemoryAccount
  readonly use: MemoryUse
  /** Bytes. Only changed by the budget. */
  bytes = 0
  /** When the proxy began to wait for the client. */
  since = 0
  released = false
  readonly #accounts: Accounts
  #onReclaim: ((refusal: Refusal) => void) | null = null

  constructor(accounts: Accounts, account: MemoryAccount, use: MemoryUse) {
    this.#accounts = accounts
    this.account = account
    this.use = use
  }

  /** Sets the total to `bytes`. Waits if there is no room; throws the refusal if there is none in time, or never can be. */
  async resize(bytes: number): Promise<void> {
    await this.grow(bytes)
  }

  /** The same, returning null if it is granted at once. The refusal of what can never fit is thrown by the promise. */
  grow(bytes: number): Promise<void> | null {
    const change = Math.ceil(bytes) - this.bytes
    if (change > 0) return this.#accounts.take(this, change)
    if (change < 0) this.#accounts.add(this, change)
    return null
  }

  /** The same without waiting, for data already in memory. */
  note(bytes: number): void {
    this.#accounts.add(this, Math.ceil(bytes) - this.bytes)
  }

  /** From now on the proxy waits for the client: `onReclaim` ends that if others need the memory. Null: no longer. */
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

  /** Releases all of it. May be called repeatedly. */
  release(): void {
    this.atClient(null)
    this.account.forget(this)
    this.#accounts.add(this, -this.bytes)
    this.released = true
  }
}
