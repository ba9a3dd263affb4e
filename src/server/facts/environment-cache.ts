import type { LRUCache } from 'lru-cache'

interface Noted {
  readonly experiments: readonly string[]
  readonly keep: () => void
}

/**
 * What callers of one environment get of the memory that all share. A look-up's fact is only noted at first, and kept when it turned out
 * to be of what they are shown: another environment's thing is asked about anew each time, like one that does not exist.
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

  /** Keeps a fact at once: of what is the caller's own, or is asked of any id alike. */
  set<V extends {}>(cache: LRUCache<string, V>, id: string, fact: V): void {
    cache.set(this.#key(id), fact)
  }

  /** A fact of a thing in these experiments. `ttl`: milliseconds, where it is kept for less long than others. */
  note<V extends {}>(cache: LRUCache<string, V>, id: string, fact: V, experiments: readonly string[], ttl?: number): void {
    const keep = () => void cache.set(this.#key(id), fact, ttl === undefined ? {} : { ttl })
    this.#noted.push({ experiments, keep })
  }

  /** Keeps what lies in experiments that the caller is shown. */
  keep(isShown: (experimentId: string) => boolean): void {
    for (const { experiments, keep } of this.#noted) if (experiments.every(isShown)) keep()
    this.#noted = []
  }

  forget<V extends {}>(cache: LRUCache<string, V>, id: string): void {
    cache.delete(this.#key(id))
  }
}
