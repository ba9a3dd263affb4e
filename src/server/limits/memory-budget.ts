import { Refusal } from '../../policy/reasons.ts'
import type { End } from '../network/request-end.ts'
import { type Accounts, type Hold, MemoryAccount, type MemoryUse } from './memory-account.ts'
import { type NoteShed, overloaded, type ShedCause } from './overloaded.ts'

/** Milliseconds that a request, and an answer, may wait for memory; and between checks of what slow clients hold. */
const maximumWait = { request: 5_000, answer: 30_000, reclaim: 1_000 } as const
/** A client that holds less, or for a shorter time, is not the reason why others wait. */
const reclaimable = { bytes: 64 * 1024, milliseconds: 5_000 } as const
/** Maximum fractions of the total for all requests together, and for one answer. */
const parts = { requests: 0.75, answer: 0.8 } as const
/** Bytes. Small holds never wait for large ones, and have the rest of the memory to themselves. */
const small = 256 * 1024
const mostWaiting = 1_024

interface Waiter {
  readonly hold: Hold
  readonly bytes: number
  readonly grant: () => void
  readonly refuse: (cause: ShedCause) => void
}

/** Options of the budget. */
export interface MemoryOptions {
  readonly noteShed?: NoteShed
  readonly clock?: () => number
}

/**
 * The process's memory for everything that is read completely. What does not fit waits; answers before requests, each in order of arrival.
 *
 * No wait is endless. Requests have their own limit, so answers never wait for requests only. Of the requests that wait for an
 * answer's memory one is preferred until it ends: it may exceed the limit by the size of one answer, so it always proceeds, waits for
 * no client, and releases its memory. Memory held by slow clients is reclaimed if others wait for it.
 */
export class MemoryBudget implements Accounts {
  readonly limit: number
  readonly #noteShed: NoteShed
  readonly clock: () => number
  readonly #used = { request: 0, answer: 0 }
  readonly #queues: Readonly<Record<MemoryUse, Waiter[]>> = { answer: [], request: [] }
  readonly #atClients = new Set<Hold>()
  #preferred: MemoryAccount | null = null
  #pumping = false
  #reclaimer: NodeJS.Timeout | undefined

  /** `limit` in bytes. */
  constructor(limit: number, { noteShed = () => undefined, clock = () => performance.now() }: MemoryOptions = {}) {
    this.limit = limit
    this.#noteShed = noteShed
    this.clock = clock
  }

  /** Bytes in use now. */
  get used(): number {
    return this.#used.request + this.#used.answer
  }

  get waiting(): number {
    return this.#queues.answer.length + this.#queues.request.length
  }

  /** The maximum for one request, or one answer. */
  most(use: MemoryUse): number {
    return Math.floor(this.limit * (use === 'request' ? parts.requests : parts.answer))
  }

  /** The memory of one request. The signal ends its waiting. */
  open(signal?: End): MemoryAccount {
    return new MemoryAccount(this, signal)
  }

  /** Called by holds. Null: granted. */
  take(hold: Hold, bytes: number): Promise<void> | null {
    const { use, account } = hold
    const total = account.total(use) + bytes
    if (total > this.most(use)) return Promise.reject(tooLarge(use))
    const isSmall = total <= small && this.#used[use] + bytes <= this.limit
    if (!isSmall && (this.#queues[use].length > 0 || !this.#fits(hold, bytes))) return this.#wait(hold, bytes)
    this.add(hold, bytes)
    return null
  }

  /** Called by holds: adds or releases without waiting. */
  add(hold: Hold, bytes: number): void {
    if (hold.released) return
    hold.bytes += bytes
    this.#used[hold.use] += bytes
    if (bytes < 0) this.#pump()
  }

  /** Called by holds: a slow client's memory, which may be reclaimed. */
  noteAtClient(hold: Hold, isThere: boolean): void {
    if (isThere) this.#atClients.add(hold)
    else this.#atClients.delete(hold)
  }

  /** Called by accounts: one that has ended is no longer preferred. */
  leave(account: MemoryAccount): void {
    if (this.#preferred !== account) return
    this.#preferred = null
    this.#pump()
  }

  #fits({ use, account }: Hold, bytes: number): boolean {
    if (use === 'request') return this.used + bytes <= this.limit && this.#used.request + bytes <= this.most('request')
    if (this.used + bytes <= this.limit) return true
    this.#preferred ??= account
    return this.#preferred === account
  }

  async #wait(hold: Hold, bytes: number): Promise<void> {
    const { signal } = hold.account
    signal?.throwIfAborted()
    const queue = this.#queues[hold.use]
    if (this.waiting >= mostWaiting) throw this.#shed(hold.use, 'full')
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
        const index = queue.indexOf(waiter)
        if (index >= 0) queue.splice(index, 1)
        if (this.waiting === 0) clearInterval(this.#reclaimer)
        this.#pump()
      }
      const abort = () => {
        leave()
        reject(signal?.reason)
      }
      const refuse = (cause: ShedCause) => {
        leave()
        reject(this.#shed(hold.use, cause))
      }
      const grant = () => {
        this.add(hold, bytes)
        leave()
        resolve()
      }
      const waiter: Waiter = { hold, bytes, grant, refuse }
      const timer = setTimeout(refuse, maximumWait[hold.use], 'waited')
      signal?.addEventListener('abort', abort, { once: true })
      if (this.waiting === 0) this.#reclaimer = setInterval(() => this.reclaim(), maximumWait.reclaim)
      queue.push(waiter)
      this.#pump()
    })
  }

  #shed(use: MemoryUse, cause: ShedCause): Refusal {
    this.#noteShed(`memory-${use}`, cause)
    return overloaded('The proxy has no memory left for this request.')
  }

  /** One at a time, with others in between: each grant may cause some hundred milliseconds of work. */
  #pump(): void {
    if (this.#pumping || this.waiting === 0) return
    this.#pumping = true
    setImmediate(() => {
      this.#pumping = false
      const next = [...this.#queues.answer, ...this.#queues.request.slice(0, 1)].find(({ hold, bytes }) =>
        this.#fits(hold, bytes),
      )
      next?.grant()
    })
  }

  /** Reclaims memory from the slow client that has held the most for the longest, because others wait. */
  reclaim(): void {
    const now = this.clock()
    const cost = ({ bytes, since }: Hold) => bytes * (now - since)
    const [worst] = [...this.#atClients]
      .filter(({ bytes, since }) => bytes >= reclaimable.bytes && now - since >= reclaimable.milliseconds)
      .sort((a, b) => cost(b) - cost(a))
    worst?.reclaim(this.#shed(worst.use, 'reclaimed'))
  }
}

function tooLarge(use: MemoryUse): Refusal {
  return use === 'request'
    ? new Refusal('too-large', 'The request needs more memory than the proxy allows for one. Send less at once.')
    : new Refusal('unknown-answer', "MLflow's answer is too large. Request fewer rows at once.")
}
