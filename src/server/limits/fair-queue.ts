import type { ShareLimits } from '../config/limit-settings.ts'
import type { End } from '../network/request-end.ts'
import { type NoteShed, overloaded, type ShedCause } from './overloaded.ts'
import { Presence } from './presence.ts'
import type { Sharer } from './sharer.ts'

/** What a queue is made with. Times in milliseconds. */
export interface FairQueueOptions {
  readonly kind: string
  /** How long a request waits at most. */
  readonly patience: number
  /** The part of its share that a principal who wants more than all of it has while others ask, too; left out: all of it. */
  readonly amongOthers?: number
  readonly noteShed?: NoteShed
  readonly clock?: () => number
}

interface Waiter {
  readonly who: Sharer
  readonly grant: () => void
  readonly refuse: (cause: ShedCause) => void
}

/** Requests of everybody that wait at most, whoever they are of. */
const mostWaiting = 1_024

/**
 * Lets requests go on as far as the limits allow. The others wait in bounded queues, from which environments take turns, and in each its
 * principals: a long queue of one caller's is in nobody else's way.
 */
export class FairQueue {
  readonly #limits: ShareLimits
  readonly #options: FairQueueOptions
  readonly #clock: () => number
  readonly #counts = new Map<string, number>()
  /** By environment and principal; whoever is first in a map has the next turn. */
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

  /** From now on at most so many are under way in all; one principal or environment never takes the last place of several. */
  narrow(everybody: number): void {
    this.#most = everybody
    this.#pump()
  }

  /**
   * Resolves when the request may go on, with what ends its share; that may be called more than once. Throws the refusal of one that is
   * shed, and the signal's reason when it aborts while the request waits.
   */
  async enter(who: Sharer, signal?: End): Promise<() => void> {
    signal?.throwIfAborted()
    this.#presence.note(who.principal, this.#clock())
    if (this.#waitersOf(who).length > 0 || !this.#fits(who)) await this.#wait(who, signal)
    else this.#count(who, 1)
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
      const timer = setTimeout(refuse, this.#options.patience, 'waited')
      signal?.addEventListener('abort', abort, { once: true })
      this.#add(waiter)
    })
  }

  /** Where all places in the queue are taken, those who have the most of them lose one. */
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

  /** The longest queue of the environment that has the most waiting. */
  #longest(): Waiter[] {
    const total = (principals: ReadonlyMap<string, Waiter[]>) =>
      [...principals.values()].reduce((sum, { length }) => sum + length, 0)
    const [largest = new Map<string, Waiter[]>()] = [...this.#queues.values()].sort((a, b) => total(b) - total(a))
    return [...largest.values()].sort((a, b) => b.length - a.length)[0] ?? []
  }

  #pump(): void {
    for (let next = this.#next(); next !== null; next = this.#next()) next.grant()
  }

  /** Whose turn it is. Environment and principal then go to the end of their rows. */
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
    // Of the few places that are left after a narrowing, one is always somebody else's.
    const part = this.#most < this.#limits.everybody ? Math.max(1, this.#most - 1) : Number.POSITIVE_INFINITY
    return (
      this.#underWay < everybody &&
      this.#countOf(`e ${environment}`) < Math.min(this.#limits.environment, part) &&
      this.#countOf(`p ${principal}`) < Math.min(this.#shareOf({ environment, principal }), part)
    )
  }

  /** Who asks for more than the whole share at once has a part of it while others ask, too. */
  #shareOf(who: Sharer): number {
    const { amongOthers = 1 } = this.#options
    const { principal: share } = this.#limits
    const wanted = this.#countOf(`p ${who.principal}`) + this.#waitersOf(who).length
    if (wanted < share || this.#presence.isAlone(who.principal, this.#clock())) return share
    return Math.max(1, Math.floor(share * amongOthers))
  }

  #countOf(key: string): number {
    return this.#counts.get(key) ?? 0
  }

  #count({ environment, principal }: Sharer, change: 1 | -1): void {
    this.#underWay += change
    for (const key of [`e ${environment}`, `p ${principal}`]) {
      const count = this.#countOf(key) + change
      if (count === 0) this.#counts.delete(key)
      else this.#counts.set(key, count)
    }
  }
}
