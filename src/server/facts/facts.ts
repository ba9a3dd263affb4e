import { reads } from '../../policy/evaluation-context.ts'
import type { Grant } from '../../policy/grant.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import { textMeaning } from '../../policy/messages/message-fields.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { CallerCredentials } from '../upstream/upstream-credentials.ts'
import type { Clock } from './clock.ts'
import { entityKey } from './entity-lookups.ts'
import { EnvironmentCache } from './environment-cache.ts'
import { FactCaches } from './fact-cache.ts'
import { MlflowFacts, type NoteCache } from './mlflow-facts.ts'

/** What all requests share to look up facts: the upstream, and its recent answers. */
export class Facts {
  readonly #upstream: Upstream
  readonly #caches = new FactCaches()
  readonly #clock: Clock
  readonly #noteCache: NoteCache | undefined

  constructor(upstream: Upstream, clock: Clock, noteCache?: NoteCache) {
    this.#upstream = upstream
    this.#clock = clock
    this.#noteCache = noteCache
  }

  /** For one caller. `fresh`: the current state, not a cached one. */
  sourceFor(caller: CallerCredentials, fresh = false): MlflowFacts {
    const [upstream, memory, clock, noteCache] = [this.#upstream, this.#caches, this.#clock, this.#noteCache]
    return new MlflowFacts({ upstream, memory, caller, clock, fresh, noteCache })
  }

  /** Remembers the content of an answer to a caller, so that it needs no look-up later. */
  learn(answer: JsonObject, environment: string): void {
    this.#caches.learn(answer, new EnvironmentCache(environment))
  }

  /** The proxy itself has changed a version's stage or alias. */
  forgetVersions(): void {
    this.#caches.versionsOfRun.clear()
  }

  /** Forgets facts that a granted change may have made wrong. */
  forget({ endpoint, message, context }: Grant): void {
    if (reads(endpoint)) return
    if (endpoint.resource === 'modelVersion' || endpoint.resource === 'registeredModel') this.forgetVersions()
    if (endpoint.resource === 'experiment') this.#caches.experiments.clear()
    const dataset = textMeaning(endpoint, message, 'dataset')
    if (dataset !== null)
      new EnvironmentCache(context.environment.name).forget(this.#caches.entities, entityKey('dataset', dataset))
    if (endpoint.resource === 'trace') this.#caches.traces.clear()
  }
}
