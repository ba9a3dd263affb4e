import { randomUUID } from 'node:crypto'
import { whileThere } from '../facts/while-there.ts'
import type { End } from '../network/request-end.ts'
import { type Hold, PromotionLocks } from '../pipeline/promotion-locks.ts'
import type { Channel } from './channel.ts'
import type { OfPrimary, Promotion } from './questions.ts'

/**
 * The locks of one worker. Changes, which are many, are locked here alone; a promotion, which is rare, is locked in every worker, by the
 * primary. So it waits for the changes that any of them has under way.
 */
export class SharedPromotions extends PromotionLocks {
  readonly #primary: Pick<Channel<OfPrimary>, 'ask'>
  readonly #begun = new Map<string, { readonly end: AbortController; readonly hold: Promise<Hold> }>()

  constructor(primary: Pick<Channel<OfPrimary>, 'ask'>) {
    super()
    this.#primary = primary
  }

  override async enter(keys: Promotion['keys'], decidedAt: number | undefined, signal?: End): Promise<Hold> {
    if (keys.promotes.length === 0) return super.enter(keys, decidedAt, signal)
    signal?.throwIfAborted()
    const id = randomUUID()
    const release = () => void this.#primary.ask('promoted', id).catch(() => undefined)
    const { changes, promotes } = keys
    try {
      await whileThere(signal, this.#primary.ask('promote', { id, keys: { changes, promotes } }))
    } catch (error) {
      release()
      throw error
    }
    return { stale: this.promotions !== decidedAt, release }
  }

  /** Called for the primary: locks a promotion of any worker here. */
  async begin({ id, keys }: Promotion): Promise<void> {
    const end = new AbortController()
    const hold = super.enter(keys, undefined, end.signal)
    this.#begun.set(id, { end, hold })
    await hold
  }

  /** Called for the primary: it is over, or nobody waits for it any more. */
  end(id: string): void {
    const begun = this.#begun.get(id)
    this.#begun.delete(id)
    begun?.end.abort()
    begun?.hold.then(
      ({ release }) => release(),
      () => undefined,
    )
  }
}
