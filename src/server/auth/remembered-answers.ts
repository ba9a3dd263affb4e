import { LRUCache } from 'lru-cache'
import { type Reason, Refusal } from '../../policy/reasons.ts'
import { secondsToWait } from '../network/retry-after.ts'
import { Throttled } from '../upstream/throttled.ts'

/** What is remembered of a service's answers, and for how many milliseconds. */
export interface Kept<T> {
  /** Callers, or their tokens. */
  readonly callers: number
  /** For so long nothing is asked again. */
  readonly fresh: number
  /** For so long in all an answer counts while the service cannot be asked. */
  readonly stale: number
  /** For so long a refusal counts that is about the caller; 0: it is asked again at once. */
  readonly refused: number
  /** How much of `most` an answer takes; left out: answers are small. */
  readonly size?: { readonly of: (answer: T) => number; readonly most: number }
}

type Known<T> = { readonly answer: T; readonly readAt: number } | { readonly refusal: Refusal }

/** Milliseconds for which a service that failed is left alone, unless it says for how long. */
const rest = { least: 1_000, most: 60_000 } as const

/** Refusals by which a service fails for everybody, and is left alone for a while. */
const outages: readonly Reason[] = ['issuer-unavailable', 'upstream-unavailable', 'upstream-busy', 'upstream-refused']

/** Whether a refusal is about the service and no answer about the caller. */
function isFailure(error: unknown): error is Refusal {
  return error instanceof Refusal && [...outages, 'unknown-answer'].includes(error.reason)
}

/**
 * What a service says of callers: it is asked once for each, however many requests wait for it, and its answer is remembered. While it fails,
 * an answer counts for longer; a definite one, such as that the caller is gone, ends that at once.
 */
export class RememberedAnswers<T extends object> {
  readonly #kept: Kept<T>
  readonly #clock: () => number
  readonly #known: LRUCache<string, Known<T>>
  readonly #underWay = new Map<string, Promise<T>>()
  #resting: { readonly refusal: Refusal; readonly until: number } | null = null

  /** `clock` counts milliseconds. */
  constructor(kept: Kept<T>, clock: () => number = () => performance.now()) {
    this.#kept = kept
    this.#clock = clock
    const { callers: max, stale: ttl, size } = kept
    const bound = size === undefined ? {} : { maxSize: size.most }
    this.#known = new LRUCache({ max, ...bound, ttl, ttlResolution: 0, perf: { now: clock } })
  }

  /** The answer about a caller, whose `key` is a hash of their token or their id. Rejects with a Refusal. */
  async about(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#known.get(key)
    if (known !== undefined && 'refusal' in known) throw known.refusal
    if (known !== undefined && this.#clock() - known.readAt < this.#kept.fresh) return known.answer
    const running = this.#underWay.get(key) ?? this.#ask(key, ask).finally(() => this.#underWay.delete(key))
    this.#underWay.set(key, running)
    return running
  }

  async #ask(key: string, ask: () => Promise<T>): Promise<T> {
    try {
      if (this.#resting !== null && this.#clock() < this.#resting.until) throw this.#resting.refusal
      const answer = await ask()
      const size = this.#kept.size === undefined ? {} : { size: this.#kept.size.of(answer) }
      this.#known.set(key, { answer, readAt: this.#clock() }, size)
      return answer
    } catch (error) {
      if (!isFailure(error)) {
        this.#forget(key, error)
        throw error
      }
      if (outages.includes(error.reason) && error !== this.#resting?.refusal) this.#rest(error)
      const known = this.#known.get(key)
      if (known !== undefined && 'answer' in known) return known.answer
      throw error
    }
  }

  #forget(key: string, error: unknown): void {
    const { refused: ttl, size } = this.#kept
    if (ttl === 0 || !(error instanceof Refusal)) this.#known.delete(key)
    else this.#known.set(key, { refusal: error }, { ttl, ...(size === undefined ? {} : { size: 1 }) })
  }

  #rest(refusal: Refusal): void {
    const said = refusal instanceof Throttled ? secondsToWait(refusal.retryAfter) * 1_000 : 0
    this.#resting = { refusal, until: this.#clock() + Math.min(Math.max(said, rest.least), rest.most) }
  }
}
