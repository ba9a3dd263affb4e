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

/** Keeps the proxy within the upstream's rate limits: requests that are too fast wait a little, or are told when to retry. */
export class RateLimiter {
  readonly #buckets: Readonly<Record<keyof Rates, TokenBucket>>
  readonly #clock: () => number

  /** `clock` counts milliseconds. */
  constructor(rates: Rates, clock: () => number = () => performance.now()) {
    this.#buckets = {
      registry: new TokenBucket(rates.registry),
      searchRuns: new TokenBucket(rates.searchRuns),
      experiments: new TokenBucket(rates.experiments),
      logBatch: new TokenBucket(rates.logBatch),
      other: new TokenBucket(rates.other),
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
