import { Refusal } from '../../policy/reasons.ts'
import type { End } from '../network/request-end.ts'
import { type Accounts, type Hold, MemoryAccount, type MemoryUse } from './memory-account.ts'
import { type NoteShed, overloaded, type ShedCause } from './overloaded.ts'

/** Milliseconds that a request waits for memory at most, and an answer; and after which what slow clients hold is looked at. */
const patience = { request: 5_000, answer: 30_000, reclaim: 1_000 } as const
/** A client that has held less, or for a shorter time, is not to blame for what others wait for. */
const reclaimable = { bytes: 64 * 1024, milliseconds: 5_000 } as const
/** The most that all requests together, and that one answer may take, of the whole. */
const parts = { requests: 0.75, answer: 0.8 } as const
/** Bytes. What is small waits for nothing large, and has the rest of the memory for itself. */
const small = 256 * 1024
const mostWaiting = 1_024

interface Waiter {
  readonly hold: Hold
  readonly bytes: number
  readonly grant: () => void
  readonly refuse: (cause: ShedCause) => void
}

/** What the memory of a process is made with. */
export interface MemoryOptions {
  readonly noteShed?: NoteShed
  readonly clock?: () => number
}

/**
 * The memory of the whole process for what is read whole. What does not fit waits; answers before requests, each in the order of arrival.
 *
 * No wait is for ever. Requests have a limit of their own, so answers never wait for requests alone. Of the requests that wait for an
 * answer's memory one is preferred until it is over: it may overdraw by the most that an answer may take, so it always gets on, waits for
 * no client, and gives back what it has. What slow clients hold is taken from them when somebody waits for it.
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

  /** The most that one request, or one answer, may take. */
  most(use: MemoryUse): number {
    return Math.floor(this.limit * (use === 'request' ? parts.requests : parts.answer))
  }

  /** The memory of one request. The signal ends its waiting. */
  open(signal?: End): MemoryAccount {
    return new MemoryAccount(this, signal)
  }

  /** Called by holds. Null: taken. */
  take(hold: Hold, bytes: number): Promise<void> | null {
    const { use, account } = hold
    const total = account.total(use) + bytes
    if (total > this.most(use)) return Promise.reject(tooLarge(use))
    const isSmall = total <= small && this.#used[use] + bytes <= this.limit
    if (!isSmall && (this.#queues[use].length > 0 || !this.#fits(hold, bytes))) return this.#wait(hold, bytes)
    this.add(hold, bytes)
    return null
  }

  /** Called by holds: takes or gives back without a word. */
  add(hold: Hold, bytes: number): void {
    if (hold.released) return
    hold.bytes += bytes
    this.#used[hold.use] += bytes
    if (bytes < 0) this.#pump()
  }

  /** Called by holds: what a slow client holds, and may lose. */
  noteAtClient(hold: Hold, isThere: boolean): void {
    if (isThere) this.#atClients.add(hold)
    else this.#atClients.delete(hold)
  }

  /** Called by accounts: one that is over is not preferred any more. */
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
      const timer = setTimeout(refuse, patience[hold.use], 'waited')
      signal?.addEventListener('abort', abort, { once: true })
      if (this.waiting === 0) this.#reclaimer = setInterval(() => this.reclaim(), patience.reclaim)
      queue.push(waiter)
      this.#pump()
    })
  }

  #shed(use: MemoryUse, cause: ShedCause): Refusal {
    this.#noteShed(`memory-${use}`, cause)
    return overloaded('The proxy has no memory left for this request.')
  }

  /** One at a time, and others get a turn in between: what is granted may be work of some hundred milliseconds. */
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

  /** Takes from the slow client that has held the most for the longest, as somebody waits for it. */
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
