import { type Hold, PromotionLocks } from '../pipeline/promotion-locks.ts'
import { PeerGone } from './channel.ts'
import type { OfWorker, Promotion } from './questions.ts'

/** A worker, as promotions see it. */
export interface Promoter {
  ask<Name extends 'promotionBegins' | 'promotionEnds'>(name: Name, given: OfWorker[Name]['given']): Promise<null>
}

interface Begun {
  readonly promotion: Promotion
  readonly owner: Promoter
  readonly end: AbortController
  hold: Hold | null
}

/** The promotions of all workers. The primary lets those that exclude one another go on one after the other, and locks each in every worker. */
export class PromotionOrder {
  readonly #locks = new PromotionLocks()
  readonly #begun = new Map<string, Begun>()
  readonly #workers: () => readonly Promoter[]

  /** `workers`: all that may carry out changes, or soon will. */
  constructor(workers: () => readonly Promoter[]) {
    this.#workers = workers
  }

  /** Those that a new worker has to know. */
  get underWay(): readonly Promotion[] {
    return [...this.#begun.values()].flatMap(({ promotion, hold }) => (hold === null ? [] : [promotion]))
  }

  /** Resolves when it may go on. Rejects as a lock does; what was locked is free again then. */
  async begin(owner: Promoter, promotion: Promotion): Promise<void> {
    const begun: Begun = { promotion, owner, end: new AbortController(), hold: null }
    this.#begun.set(promotion.id, begun)
    try {
      begun.hold = await this.#locks.enter(promotion.keys, undefined, begun.end.signal)
      begun.end.signal.throwIfAborted()
      await Promise.all(this.#workers().map((worker) => lockIn(worker, promotion)))
      begun.end.signal.throwIfAborted()
    } catch (error) {
      this.end(promotion.id)
      // It may have been ended before it was granted.
      begun.hold?.release()
      throw error
    }
  }

  /** It is over, or nobody waits for it any more. */
  end(id: string): void {
    const begun = this.#begun.get(id)
    if (begun === undefined) return
    this.#begun.delete(id)
    begun.end.abort()
    // The workers first: what they are asked next is in this order.
    for (const worker of this.#workers()) worker.ask('promotionEnds', id).catch(() => undefined)
    begun.hold?.release()
  }

  /** A worker has ended, and its promotions with it. */
  forget(owner: Promoter): void {
    for (const [id, begun] of this.#begun) if (begun.owner === owner) this.end(id)
  }
}

/** A worker that has ended holds nothing. */
async function lockIn(worker: Promoter, promotion: Promotion): Promise<void> {
  try {
    await worker.ask('promotionBegins', promotion)
  } catch (error) {
    if (!(error instanceof PeerGone)) throw error
  }
}
