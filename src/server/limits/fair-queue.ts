import type { ShareLimits } from '../config/limit-settings.ts'
import type { End } from '../network/request-end.ts'
import { Counts } from './counts.ts'
import { type NoteShed, overloaded, type ShedCause } from './overloaded.ts'
import { Presence } from './presence.ts'
import type { Sharer } from './sharer.ts'

/** Options of a queue. Times in milliseconds. */
export interface FairQueueOptions {
  readonly kind: string
  /** How long a request may wait. */
  readonly maximumWait: number
  /** The fraction of its share for a principal that wants more than the whole share while others wait; default: all of it. */
  readonly amongOthers?: number
  readonly noteShed?: NoteShed
  readonly clock?: () => number
}

interface Waiter {
  readonly who: Sharer
  readonly grant: () => void
  readonly refuse: (cause: ShedCause) => void
}

/** Maximum number of waiting requests, over all callers. */
const mostWaiting = 1_024

/**
 * Admits requests up to the limits. Others wait in bounded queues; environments take turns, and principals within each,
 * so that one caller's long queue does not delay others.
 */
export class FairQueue {
  readonly #limits: ShareLimits
  readonly #options: FairQueueOptions
  readonly #clock: () => number
  /** Requests under way. */
  readonly #ofEnvironment = new Counts()
  readonly #ofPrincipal = new Counts()
  /** By environment and principal; the first entry of a map has the next turn. */
  readonly #queues = new Map<string, Map<string, Waiter[]>>()
  #most = Number.POSITIVE_INFINITY
  #underWay = 0
  #waiting = 0
  readonly #presence = new Presence()

  constructor(limits: ShareLimits, options: FairQueueOptions) {
    this.#limits = limits
    this.#options = options
    this.#clock = options.clock ?? (() => performance.now())
  }

  get underWay(): number {
    return this.#underWay
  }

  get waiting(): number {
    return this.#waiting
  }

  /** From now on at most this many requests are in flight in total; one principal or environment never takes the last of several slots. */
  narrow(everybody: number): void {
    this.#most = everybody
    this.#pump()
  }

  /**
   * A function that releases the request's share and may be called repeatedly, as soon as it may proceed: usually at once. Rejects with the
   * refusal if it is shed, and with the signal's reason if that aborts while the request waits. Throws the reason of a signal that has aborted.
   */
  enter(who: Sharer, signal?: End): (() => void) | Promise<() => void> {
    signal?.throwIfAborted()
    this.#presence.note(who.principal, this.#clock())
    if (this.#waitersOf(who).length > 0 || !this.#fits(who)) return this.#wait(who, signal).then(() => this.#shareFor(who))
    this.#count(who, 1)
    return this.#shareFor(who)
  }

  #shareFor(who: Sharer): () => void {
    let ended = false
    return () => {
      if (ended) return
      ended = true
      this.#count(who, -1)
      this.#pump()
    }
  }

  #wait(who: Sharer, signal: End | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
        this.#remove(waiter)
      }
      const refuse = (cause: ShedCause) => {
        leave()
        this.#options.noteShed?.(this.#options.kind, cause)
        reject(overloaded(cause === 'full' ? 'Too many requests are already waiting.' : 'Too many requests are in progress.'))
      }
      const abort = () => {
        leave()
        reject(signal?.reason)
      }
      const grant = () => {
        leave()
        this.#count(who, 1)
        resolve()
      }
      const waiter: Waiter = { who, grant, refuse }
      const timer = setTimeout(refuse, this.#options.maximumWait, 'waited')
      signal?.addEventListener('abort', abort, { once: true })
      this.#add(waiter)
    })
  }

  /** If the queue is full, the caller with the most waiting requests loses one. */
  #add(waiter: Waiter): void {
    const { environment, principal } = waiter.who
    const principals = this.#queues.get(environment) ?? new Map<string, Waiter[]>()
    this.#queues.set(environment, principals)
    const waiters = principals.get(principal) ?? []
    principals.set(principal, waiters)
    waiters.push(waiter)
    this.#waiting += 1
    if (waiters.length > this.#limits.waiting) waiter.refuse('full')
    else if (this.#waiting > mostWaiting) this.#longest().at(-1)?.refuse('full')
  }

  #remove(waiter: Waiter): void {
    const { who } = waiter
    const waiters = this.#waitersOf(who)
    const index = waiters.indexOf(waiter)
    if (index < 0) return
    waiters.splice(index, 1)
    this.#waiting -= 1
    const principals = this.#queues.get(who.environment)
    if (waiters.length === 0) principals?.delete(who.principal)
    if (principals?.size === 0) this.#queues.delete(who.environment)
  }

  #waitersOf({ environment, principal }: Sharer): Waiter[] {
    return this.#queues.get(environment)?.get(principal) ?? []
  }

  /** The longest queue in the environment with the most waiting requests. */
  #longest(): Waiter[] {
    const total = (principals: ReadonlyMap<string, Waiter[]>) =>
      [...principals.values()].reduce((sum, { length }) => sum + length, 0)
    const [largest = new Map<string, Waiter[]>()] = [...this.#queues.values()].sort((a, b) => total(b) - total(a))
    return [...largest.values()].sort((a, b) => b.length - a.length)[0] ?? []
  }

  #pump(): void {
    for (let next = this.#next(); next !== null; next = this.#next()) next.grant()
  }

  /** The next request. Its environment and principal then move to the end of their maps. */
  #next(): Waiter | null {
    for (const [environment, principals] of this.#queues) {
      for (const [principal, waiters] of principals) {
        const [waiter] = waiters
        if (waiter === undefined || !this.#fits(waiter.who)) continue
        principals.delete(principal)
        principals.set(principal, waiters)
        this.#queues.delete(environment)
        this.#queues.set(environment, principals)
        return waiter
      }
    }
    return null
  }

  #fits({ environment, principal }: Sharer): boolean {
    const everybody = Math.min(this.#limits.everybody, this.#most)
    // If few slots are left after the limit was lowered, one is always reserved for others.
    const part = this.#most < this.#limits.everybody ? Math.max(1, this.#most - 1) : Number.POSITIVE_INFINITY
    return (
      this.#underWay < everybody &&
      this.#ofEnvironment.of(environment) < Math.min(this.#limits.environment, part) &&
      this.#ofPrincipal.of(principal) < Math.min(this.#shareOf({ environment, principal }), part)
    )
  }

  /** A principal that wants more than its whole share gets a fraction while others wait. */
  #shareOf(who: Sharer): number {
    const { amongOthers = 1 } = this.#options
    const { principal: share } = this.#limits
    const wanted = this.#ofPrincipal.of(who.principal) + this.#waitersOf(who).length
    if (wanted < share || this.#presence.isAlone(who.principal, this.#clock())) return share
    return Math.max(1, Math.floor(share * amongOthers))
  }

  #count({ environment, principal }: Sharer, change: 1 | -1): void {
    this.#underWay += change
    this.#ofEnvironment.change(environment, change)
    this.#ofPrincipal.change(principal, change)
  }
}
