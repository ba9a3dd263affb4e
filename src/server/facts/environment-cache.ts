import type { LRUCache } from 'lru-cache'

interface Noted {
  readonly experiments: readonly string[]
  readonly keep: () => void
}

/**
 * One environment's view of the shared cache. The fact of a look-up is noted first, and kept only if it turns out to belong to what
 * the caller is shown: another environment's thing is looked up each time, like one that does not exist.
 */
export class EnvironmentCache {
  readonly #environment: string
  #noted: Noted[] = []

  constructor(environment: string) {
    this.#environment = environment
  }

  #key(id: string): string {
    return `${this.#environment} ${id}`
  }

  get<V extends {}>(cache: LRUCache<string, V>, id: string): V | undefined {
    return cache.get(this.#key(id))
  }

  /** Keeps a fact at once: for the caller's own things, and for look-ups that are made for any id alike. */
  set<V extends {}>(cache: LRUCache<string, V>, id: string, fact: V): void {
    cache.set(this.#key(id), fact)
  }

  /** A fact about a thing in these experiments. `ttl`: milliseconds, if it is kept for a shorter time than others. */
  note<V extends {}>(cache: LRUCache<string, V>, id: string, fact: V, experiments: readonly string[], ttl?: number): void {
    const keep = () => void cache.set(this.#key(id), fact, ttl === undefined ? {} : { ttl })
    this.#noted.push({ experiments, keep })
  }

  /** Keeps noted facts of things in experiments that the caller is shown. */
  keep(isShown: (experimentId: string) => boolean): void {
    for (const { experiments, keep } of this.#noted) if (experiments.every(isShown)) keep()
    this.#noted = []
  }

  forget<V extends {}>(cache: LRUCache<string, V>, id: string): void {
    cache.delete(this.#key(id))
  }
}
