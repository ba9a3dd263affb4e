import type { Answer, FactQuery } from '../../policy/fact-query.ts'
import type { GrantContext } from '../../policy/grant.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { CallerCredentials } from '../upstream/upstream-credentials.ts'
import { type Clock, processClock } from './clock.ts'
import { EnvironmentCache } from './environment-cache.ts'
import type { FactSource } from './evaluate.ts'
import type { FactCaches } from './fact-cache.ts'
import { findFact } from './find-fact.ts'
import { LookUps } from './look-ups.ts'
import { recall, recalledKinds } from './recall.ts'

/** Milliseconds between look-ups of missing traces: MLflow's clients send traces every 5 seconds. */
const pause = 500

/** Hears what was looked for in the caches, and whether it was there. */
export type NoteCache = (about: FactQuery['about'], hit: boolean) => void

/** What a look-up needs. */
interface MlflowFactsParts {
  readonly upstream: Upstream
  readonly memory: FactCaches
  readonly caller: CallerCredentials
  readonly clock?: Clock
  /** Versions are looked up again each time, and no answer is older than its query. */
  readonly fresh?: boolean
  readonly noteCache?: NoteCache | undefined
}

/** Answers queries by look-ups in MLflow, with the credentials that the caller's own request would use. */
export class MlflowFacts implements FactSource {
  readonly #parts: MlflowFactsParts
  readonly #environmentCache: EnvironmentCache
  #asked = false

  constructor(parts: MlflowFactsParts) {
    this.#parts = parts
    this.#environmentCache = new EnvironmentCache(parts.caller.environment ?? '')
  }

  /** Keeps the noted facts of things in experiments that the caller is shown, and no others. */
  keepShown({ visibleExperiments, admitted }: GrantContext): void {
    this.#environmentCache.keep((id) => visibleExperiments.has(id) || admitted.has(id))
  }

  /** Whether any look-up was about something that the caller may not know. */
  get asked(): boolean {
    return this.#asked
  }

  answer(factQuery: FactQuery): Promise<Answer> | Answer {
    this.#asked ||= factQuery.about !== 'defaultExperiment'
    const { memory, caller, noteCache, fresh = false } = this.#parts
    if (fresh || ('fresh' in factQuery && factQuery.fresh)) return this.#find(factQuery, caller, fresh)
    const known = recall(this.#environmentCache, memory, factQuery)
    if (recalledKinds.has(factQuery.about)) noteCache?.(factQuery.about, known !== undefined)
    if (known !== undefined) return known
    const { signal, authorization, environment } = caller
    const key = JSON.stringify([factQuery, authorization, environment])
    // Cancelled when nobody waits for the answer any more, not when the first one leaves.
    return memory.underWay.ask(key, signal, (abandoned) => this.#find(factQuery, { ...caller, signal: abandoned }, fresh))
  }

  async #find(factQuery: FactQuery, caller: CallerCredentials, fresh: boolean): Promise<Answer> {
    const { upstream, memory, clock = processClock } = this.#parts
    if (factQuery.about === 'traces' && factQuery.attempt > 0) await clock.until(clock.now() + pause, caller.signal)
    return findFact(new LookUps(upstream, caller, memory, this.#environmentCache), factQuery, fresh)
  }
}
