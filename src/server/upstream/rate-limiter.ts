import { setTimeout as pause } from 'node:timers/promises'
import type { Rates } from '../config/upstream-rates.ts'
import { Throttled } from './throttled.ts'
import { TokenBucket } from './token-bucket.ts'

/** Maximum milliseconds that a request waits for its turn; after that the caller is told when to retry. */
const longestWait = 5_000

/** The first family whose paths match counts: a workspace has separate limits for each. */
const families: readonly (readonly [keyof Rates, RegExp])[] = [
  [
    'registry',
    /^\/api\/2\.0\/mlflow\/((?:databricks|unity-catalog)\/)?(registered-models|model-versions|transition-requests|comments|registry-webhooks)\//,
  ],
  ['searchRuns', /^\/api\/2\.0\/mlflow\/runs\/search(\?|$)/],
  ['experiments', /^\/api\/2\.0\/mlflow\/experiments\/(list|update|delete|restore)(\?|$)/],
  ['logBatch', /^\/api\/2\.0\/mlflow\/runs\/log-batch(\?|$)/],
]

/** The family of a path. */
export function familyOf(path: string): keyof Rates {
  return families.find(([, pattern]) => pattern.test(path))?.[0] ?? 'other'
}

/**
 * This many requests in any one second: a fifth of them at once, the others evenly spread. (An upstream that counts per second would see
 * twice as many from a bucket that holds a whole second's worth.)
 */
export const bucketFor = (perSecond: number) => new TokenBucket(Math.max(1, perSecond / 5), (perSecond * 0.8) / 1_000)

/** Keeps the proxy within the upstream's rate limits: requests that are too fast wait a little, or are told when to retry. */
export class RateLimiter {
  readonly #buckets: Readonly<Record<keyof Rates, TokenBucket>>
  readonly #clock: () => number

  /** `clock` counts milliseconds. */
  constructor(rates: Rates, clock: () => number = () => performance.now()) {
    this.#buckets = {
      registry: bucketFor(rates.registry),
      searchRuns: bucketFor(rates.searchRuns),
      experiments: bucketFor(rates.experiments),
      logBatch: bucketFor(rates.logBatch),
      other: bucketFor(rates.other),
    }
    this.#clock = clock
  }

  /** Resolves when a request to this path may be sent. Throws `Throttled` if it would wait too long. */
  async enter(path: string): Promise<void> {
    const { wait, entered } = this.#buckets[familyOf(path)].enter(this.#clock(), longestWait)
    if (!entered) throw new Throttled(Math.ceil(wait / 1_000))
    if (wait > 0) await pause(wait)
  }
}
