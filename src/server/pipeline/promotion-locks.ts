import { setTimeout as pause } from 'node:timers/promises'
import type { Grant } from '../../policy/grant.ts'
import { Refusal } from '../../policy/reasons.ts'
import { abortSignalOf, type End } from '../network/request-end.ts'

/** Milliseconds that a request waits for others that use the same things. */
const longestWait = 30_000

type Keys = Pick<Grant['context'], 'changes' | 'promotes'>

interface Entry {
  readonly changes: ReadonlySet<string>
  readonly promotes: ReadonlySet<string>
  enter(): void
}

/** A lock on the things that a request uses; `release` may be called repeatedly. */
export interface Hold {
  /** Whether something may have been promoted since the decision, so that it must be made again. */
  readonly stale: boolean
  release(): void
}

function meet(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  for (const key of some) if (others.has(key)) return true
  return false
}

/** Changes of one thing may run concurrently; a promotion runs alone. */
function exclude(one: Entry, other: Entry): boolean {
  return meet(one.promotes, other.promotes) || meet(one.promotes, other.changes) || meet(one.changes, other.promotes)
}

const nothing: Hold = { stale: false, release: () => undefined }

/**
 * Separates changes to a version's sources from its promotion, within this process, from the decision to MLflow's answer. First come,
 * first served: a promotion waits for uploads that are ending, and later ones wait for the promotion.
 */
export class PromotionLocks {
  readonly #wait: number
  readonly #held = new Set<Entry>()
  readonly #queue: Entry[] = []
  #promotions = 0

  /** `wait` in milliseconds. */
  constructor(wait = longestWait) {
    this.#wait = wait
  }

  /** The number of promotions so far: a decision made before the latest one is outdated. */
  get promotions(): number {
    return this.#promotions
  }

  /**
   * Waits until nobody else holds the keys. `decidedAt`: the value of `promotions` when the decision began. Throws the signal's reason,
   * and `upstream-unavailable` if it takes too long: nothing was sent.
   */
  async enter(keys: Keys, decidedAt: number | undefined, signal?: End): Promise<Hold> {
    if (keys.changes.length + keys.promotes.length === 0) return nothing
    const { promise, resolve } = Promise.withResolvers<void>()
    const entry: Entry = { changes: new Set(keys.changes), promotes: new Set(keys.promotes), enter: resolve }
    if (this.#isFree(entry, this.#queue.length)) this.#held.add(entry)
    else await this.#stand(entry, promise, signal)
    return { stale: this.#promotions !== decidedAt, release: () => this.#release(entry) }
  }

  async #stand(entry: Entry, entered: Promise<void>, signal?: End): Promise<void> {
    this.#queue.push(entry)
    const done = new AbortController()
    const limits = signal === undefined ? done.signal : AbortSignal.any([abortSignalOf(signal), done.signal])
    const late = pause(this.#wait, 'late', { signal: limits })
    late.catch(() => undefined)
    try {
      if ((await Promise.race([entered, late])) !== 'late') return
      throw new Refusal('upstream-unavailable', 'Others are still changing or promoting the same things. Try again shortly.')
    } catch (error) {
      // The lock may have been granted at the same moment.
      this.#release(entry)
      signal?.throwIfAborted()
      throw error
    } finally {
      done.abort()
    }
  }

  #isFree(entry: Entry, ahead: number): boolean {
    for (const held of this.#held) if (exclude(entry, held)) return false
    return !this.#queue.slice(0, ahead).some((waiting) => exclude(entry, waiting))
  }

  #release(entry: Entry): void {
    const at = this.#queue.indexOf(entry)
    if (at >= 0) this.#queue.splice(at, 1)
    else if (!this.#held.delete(entry)) return
    else if (entry.promotes.size > 0) this.#promotions += 1
    this.#admit()
  }

  #admit(): void {
    for (let at = 0; at < this.#queue.length; ) {
      const next = this.#queue[at]
      if (next === undefined || !this.#isFree(next, at)) at += 1
      else {
        this.#queue.splice(at, 1)
        this.#held.add(next)
        next.enter()
      }
    }
  }
}
