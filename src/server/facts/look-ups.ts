import type { LRUCache } from 'lru-cache'
import type { Json, JsonObject } from '../../policy/messages/json/json.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { UpstreamAnswer } from '../upstream/upstream-answer.ts'
import type { CallerCredentials } from '../upstream/upstream-credentials.ts'
import { allPages, type Query } from './all-pages.ts'
import type { EnvironmentCache } from './environment-cache.ts'
import type { FactCaches } from './fact-cache.ts'
import { readFound } from './look-up-answers.ts'

/** How things of one kind are cached and looked up. */
interface Kind<V extends {}> {
  readonly cache: LRUCache<string, V>
  readonly read: (found: JsonObject) => V
  readonly experimentOf: (fact: V) => string
  readonly find?: typeof readFound
}

/** Look-ups with the credentials of one caller, and the cached facts of the caller's environment. */
export class LookUps {
  readonly memory: FactCaches
  readonly environmentCache: EnvironmentCache
  readonly upstream: Upstream
  readonly caller: CallerCredentials

  constructor(upstream: Upstream, caller: CallerCredentials, memory: FactCaches, environmentCache: EnvironmentCache) {
    this.memory = memory
    this.environmentCache = environmentCache
    this.upstream = upstream
    this.caller = caller
  }

  ask(path: string, query: Query = {}): Promise<UpstreamAnswer> {
    return this.upstream.lookUp(path, query, this.caller)
  }

  /** The object in the answer; null if it does not exist. */
  async find(path: string, query: Query = {}, read = readFound): Promise<JsonObject | null> {
    return read(await this.ask(path, query))
  }

  /** The rows of all pages, until there are enough; null if the upstream refuses. */
  findAll(path: string, query: Query, key: string, most?: number): Promise<readonly Json[] | null> {
    return allPages((each) => this.find(path, each), query, key, most)
  }

  /** That something does not exist is never cached: another replica may create it the next moment. */
  async remember<V extends {}, F extends V | null>(
    cache: LRUCache<string, V>,
    key: string,
    find: () => Promise<F>,
  ): Promise<V | F> {
    const known = this.environmentCache.get(cache, key)
    if (known !== undefined) return known
    const found = await find()
    if (found !== null) this.environmentCache.set(cache, key, found)
    return found
  }

  /** One thing by its id. That it does not exist is never cached: it may be created the next moment. */
  async one<V extends {}>(
    { cache, read, experimentOf, find = readFound }: Kind<V>,
    id: string,
    path: string,
    query: Query,
  ): Promise<V | null> {
    const known = this.environmentCache.get(cache, id)
    if (known !== undefined) return known
    const found = await this.find(path, query, find)
    if (found === null) return null
    const fact = read(found)
    this.environmentCache.note(cache, id, fact, [experimentOf(fact)])
    return fact
  }
}
