import type { LRUCache } from 'lru-cache'
import type {
  Answer,
  ExperimentFact,
  FactQuery,
  LoggedModelFact,
  RunFact,
  TraceFact,
  VersionFact,
} from '../../policy/fact-query.ts'
import type { EntityKind } from '../../policy/genai/entity.ts'
import type { GrantContext } from '../../policy/grant.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import { isHexExperimentId } from '../../policy/names/ids.ts'
import type { End } from '../network/request-end.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { CallerCredentials } from '../upstream/upstream-credentials.ts'
import { type Clock, processClock } from './clock.ts'
import { EntityLookups } from './entity-lookups.ts'
import { EnvironmentCache } from './environment-cache.ts'
import type { FactSource } from './evaluate.ts'
import { experimentOfName, experimentsNamed } from './experiment-lookups.ts'
import type { FactCaches } from './fact-cache.ts'
import { GatewayLookups } from './gateway-lookups.ts'
import { readExperiment, readFound, readFoundIfServed, readLoggedModel, readRun } from './look-up-answers.ts'
import { TraceLookups } from './trace-lookups.ts'
import { VersionLookups } from './version-lookups.ts'
import { WorkspaceLookups } from './workspace-lookups.ts'

const api = '/api/2.0/mlflow'
/** Milliseconds between look-ups of missing traces: MLflow's clients send traces every 5 seconds. */
const pause = 500

/** How things of one kind are cached and looked up. */
interface Kind<V extends {}> {
  readonly cache: LRUCache<string, V>
  readonly read: (found: JsonObject) => V
  readonly experimentOf: (fact: V) => string
  readonly find?: typeof readFound
}

/** What a look-up needs. */
export interface MlflowFactsParts {
  readonly upstream: Upstream
  readonly memory: FactCaches
  readonly caller: CallerCredentials
  readonly clock?: Clock
  /** Versions are looked up again each time, and no answer is older than its query. */
  readonly fresh?: boolean
}

/** Answers queries by look-ups in MLflow, with the credentials that the caller's own request would use. */
export class MlflowFacts implements FactSource {
  readonly #parts: MlflowFactsParts
  readonly #upstream: Upstream
  readonly #memory: FactCaches
  readonly #environmentCache: EnvironmentCache
  readonly #caller: CallerCredentials
  readonly #versions: VersionLookups
  #asked = false
  readonly #clock: Clock
  readonly #fresh: boolean

  constructor(parts: MlflowFactsParts, environmentCache = new EnvironmentCache(parts.caller.environment ?? '')) {
    const { upstream, memory, caller, clock = processClock, fresh = false } = parts
    this.#parts = parts
    this.#clock = clock
    this.#upstream = upstream
    this.#memory = memory
    this.#environmentCache = environmentCache
    this.#caller = caller
    this.#versions = new VersionLookups(upstream, caller)
    this.#fresh = fresh
  }

  /** Keeps the noted facts of things in experiments that the caller is shown, and no others. */
  keepShown({ visibleExperiments, admitted }: GrantContext): void {
    this.#environmentCache.keep((id) => visibleExperiments.has(id) || admitted.has(id))
  }

  /** Whether any look-up was about something that the caller may not know. */
  get asked(): boolean {
    return this.#asked
  }

  async answer(factQuery: FactQuery): Promise<Answer> {
    this.#asked ||= factQuery.about !== 'defaultExperiment'
    if (this.#fresh || ('fresh' in factQuery && factQuery.fresh)) return this.#find(factQuery)
    const { signal, authorization, environment } = this.#caller
    const key = JSON.stringify([factQuery, authorization, environment])
    return this.#memory.underWay.ask(key, signal, (abandoned) => this.#whoever(abandoned).#find(factQuery))
  }

  /** The same credentials for everyone who waits for an answer, not those of the first. */
  #whoever(signal: End): MlflowFacts {
    return new MlflowFacts({ ...this.#parts, caller: { ...this.#caller, signal } }, this.#environmentCache)
  }

  async #find(factQuery: FactQuery): Promise<Answer> {
    switch (factQuery.about) {
      case 'defaultExperiment':
        return this.#remember(this.#memory.defaults, factQuery.name, () =>
          experimentOfName(this.#upstream, this.#caller, factQuery.name),
        )
      case 'experiments':
        return this.#experiments(factQuery.ids)
      case 'experimentsNamed':
        return experimentsNamed(this.#upstream, this.#caller, factQuery.pattern)
      case 'experimentsOf':
        return this.#experimentsOf(factQuery.kind, factQuery.ids)
      case 'gatewayThing':
        return new GatewayLookups(this.#upstream, this.#caller).thing(factQuery.kind, factQuery.id)
      case 'gatewayUsers':
        return new GatewayLookups(this.#upstream, this.#caller).users(factQuery.kind, factQuery.id)
      case 'run':
        return this.#run(factQuery.id)
      case 'loggedModel':
        return this.#loggedModel(factQuery.id)
      case 'traces':
        return this.#traces(factQuery.ids, factQuery.attempt)
      case 'version':
        return this.#versions.version(factQuery.name, factQuery.version)
      case 'artifactsOfVersion':
        return this.#versions.artifactsOf({ name: factQuery.name, version: factQuery.version })
      case 'alias':
        return this.#versions.alias(factQuery.name, factQuery.alias)
      case 'versionsOfModel':
        return this.#versions.search('name', '=', factQuery.name)
      case 'versionsOfRun':
        return this.#versionsOfRun(factQuery.runId, this.#fresh || factQuery.fresh)
      case 'versionsFromSource':
        return this.#versions.search('source_path', '=', factQuery.source)
      case 'versionsOfLoggedModel':
        return this.#versions.search('source_path', 'LIKE', `%${factQuery.id}%`)
      case 'productionVersions':
        return this.#versions.inProduction(factQuery.suffixes)
      case 'modelOfWebhook':
        return new WorkspaceLookups(this.#upstream, this.#caller).modelOfWebhook(factQuery.id, factQuery.suffix)
      case 'endpointOfId':
        return new WorkspaceLookups(this.#upstream, this.#caller).endpointOfId(factQuery.id)
      case 'modelOfId':
        return this.#modelOfId(factQuery.id, factQuery.suffix)
    }
  }

  /** That something does not exist is never cached: another replica may create it the next moment. */
  async #remember<V extends {}, F extends V | null>(
    cache: LRUCache<string, V>,
    key: string,
    find: () => Promise<F>,
  ): Promise<V | F> {
    const known = this.#environmentCache.get(cache, key)
    if (known !== undefined) return known
    const found = await find()
    if (found !== null) this.#environmentCache.set(cache, key, found)
    return found
  }

  /** One thing by its id. That it does not exist is never cached: it may be created the next moment. */
  async #one<V extends {}>(
    { cache, read, experimentOf, find = readFound }: Kind<V>,
    id: string,
    path: string,
    query: Readonly<Record<string, string>>,
  ): Promise<V | null> {
    const known = this.#environmentCache.get(cache, id)
    if (known !== undefined) return known
    const found = find(await this.#upstream.lookUp(path, query, this.#caller))
    if (found === null) return null
    const fact = read(found)
    this.#environmentCache.note(cache, id, fact, [experimentOf(fact)])
    return fact
  }

  #run(id: string): Promise<RunFact | null> {
    const kind = { cache: this.#memory.runs, read: readRun, experimentOf: ({ experimentId }: RunFact) => experimentId }
    return this.#one(kind, id, `${api}/runs/get`, { run_id: id })
  }

  #loggedModel(id: string): Promise<LoggedModelFact | null> {
    const kind = {
      cache: this.#memory.loggedModels,
      read: readLoggedModel,
      experimentOf: ({ experimentId }: LoggedModelFact) => experimentId,
      find: readFoundIfServed,
    }
    return this.#one(kind, id, `${api}/logged-models/${id}`, { allow_deleted: 'true' })
  }

  #experimentsOf(kind: EntityKind, ids: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
    const lookUps = new EntityLookups(this.#upstream, this.#caller, this.#environmentCache, this.#memory.entities)
    return lookUps.experimentsOf(kind, ids)
  }

  async #traces(ids: readonly string[], attempt: number): Promise<ReadonlyMap<string, TraceFact>> {
    const lookUps = new TraceLookups(this.#upstream, this.#caller, this.#environmentCache, this.#memory.traces)
    if (attempt > 0) await this.#clock.until(this.#clock.now() + pause, this.#caller.signal)
    return lookUps.find(ids)
  }

  #modelOfId(id: string, suffix: string): Promise<string | null> {
    const lookUps = new WorkspaceLookups(this.#upstream, this.#caller)
    return lookUps.modelOfId(this.#environmentCache, this.#memory.modelIds, id, suffix)
  }

  async #experiments(ids: readonly string[]): Promise<ReadonlyMap<string, ExperimentFact>> {
    const facts = new Map<string, ExperimentFact>()
    // Open-source servers have no such ids, and old ones fail on them.
    const queue = ids.filter((id) => this.#upstream.kind === 'databricks' || !isHexExperimentId(id))
    const work = async () => {
      for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
        const kind = { cache: this.#memory.experiments, read: readExperiment, experimentOf: (fact: ExperimentFact) => fact.id }
        const fact = await this.#one(kind, id, `${api}/experiments/get`, { experiment_id: id })
        if (fact?.id === id) facts.set(id, fact)
      }
    }
    await Promise.all(Array.from({ length: 8 }, work))
    return facts
  }

  #versionsOfRun(runId: string, fresh: boolean): Promise<readonly VersionFact[]> {
    if (fresh) return this.#versions.ofRun(runId)
    return this.#remember(this.#memory.versionsOfRun, runId, () => this.#versions.search('run_id', '=', runId))
  }
}
