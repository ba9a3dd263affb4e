import type { LRUCache } from 'lru-cache'
import type {
  Answer,
  ExperimentFact,
  LoggedModelFact,
  Question,
  RunFact,
  TraceFact,
  VersionFact,
} from '../../policy/fact-query.ts'
import type { EntityKind } from '../../policy/genai/entity.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import { isHexExperimentId } from '../../policy/names/ids.ts'
import type { UpstreamName } from '../../policy/names/names.ts'
import { type Clock, processClock } from '../pipeline/timing/clock.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { CallerCredentials } from '../upstream/upstream-credentials.ts'
import { EntityLookups } from './entity-lookups.ts'
import { Recollection } from './environment-cache.ts'
import type { World } from './evaluate.ts'
import { experimentsNamed } from './experiment-lookups.ts'
import type { Memory } from './fact-cache.ts'
import { GatewayLookups } from './gateway-lookups.ts'
import { readExperiment, readFound, readFoundIfServed, readLoggedModel, readRun } from './look-up-answers.ts'
import { TraceLookups } from './trace-lookups.ts'
import { VersionLookups } from './version-lookups.ts'
import { WorkspaceLookups } from './workspace-lookups.ts'

const api = '/api/2.0/mlflow'
/** Milliseconds before traces are looked for again: clients of MLflow send what they traced every 5 seconds. */
const pause = 500

/** How things of a kind are remembered and read. */
interface Kind<V extends {}> {
  readonly cache: LRUCache<string, V>
  readonly read: (found: JsonObject) => V
  readonly experimentOf: (fact: V) => string
  readonly find?: typeof readFound
}

/** Makes an experiment where there is none of its name; gives its id. */
export type MakeExperiment = (name: UpstreamName, caller: CallerCredentials) => Promise<string>

/** What the world is asked with. */
export interface WorldParts {
  readonly upstream: Upstream
  readonly memory: Memory
  readonly caller: CallerCredentials
  readonly makeExperiment: MakeExperiment
  readonly clock?: Clock
  /** What versions there are is asked anew, and no answer is older than its question. */
  readonly fresh?: boolean
}

/** Answers questions by asking MLflow, with the credentials that the caller's own request would have. */
export class MlflowWorld implements World {
  readonly #parts: WorldParts
  readonly #upstream: Upstream
  readonly #memory: Memory
  readonly #recollection: Recollection
  readonly #caller: CallerCredentials
  readonly #versions: VersionLookups
  #asked = false
  readonly #clock: Clock
  readonly #fresh: boolean

  constructor(parts: WorldParts, recollection = new Recollection(parts.caller.environment ?? '')) {
    const { upstream, memory, caller, clock = processClock, fresh = false } = parts
    this.#parts = parts
    this.#clock = clock
    this.#upstream = upstream
    this.#memory = memory
    this.#recollection = recollection
    this.#caller = caller
    this.#versions = new VersionLookups(upstream, caller)
    this.#fresh = fresh
  }

  /** Keeps in memory what was found out of things in experiments that the caller is shown, and nothing else. */
  keep(isShown: (experimentId: string) => boolean): void {
    this.#recollection.keep(isShown)
  }

  /** Whether anything was asked that callers may not know. */
  get asked(): boolean {
    return this.#asked
  }

  async answer(question: Question): Promise<Answer> {
    this.#asked ||= question.about !== 'defaultExperiment'
    if (this.#fresh || ('fresh' in question && question.fresh)) return this.#find(question)
    const { signal, authorization, environment } = this.#caller
    const key = JSON.stringify([question, authorization, environment])
    return this.#memory.underWay.ask(key, signal, (abandoned) => this.#whoever(abandoned).#find(question))
  }

  /** The same for all who wait for an answer, rather than for the one who asked first. */
  #whoever(signal: AbortSignal): MlflowWorld {
    return new MlflowWorld({ ...this.#parts, caller: { ...this.#caller, signal } }, this.#recollection)
  }

  async #find(question: Question): Promise<Answer> {
    switch (question.about) {
      case 'defaultExperiment':
        return this.#remember(this.#memory.defaults, question.name, () => this.#parts.makeExperiment(question.name, this.#caller))
      case 'experiments':
        return this.#experiments(question.ids)
      case 'experimentsNamed':
        return experimentsNamed(this.#upstream, this.#caller, question.pattern)
      case 'experimentsOf':
        return this.#experimentsOf(question.kind, question.ids)
      case 'gatewayThing':
        return new GatewayLookups(this.#upstream, this.#caller).thing(question.kind, question.id)
      case 'gatewayUsers':
        return new GatewayLookups(this.#upstream, this.#caller).users(question.kind, question.id)
      case 'run':
        return this.#run(question.id)
      case 'loggedModel':
        return this.#loggedModel(question.id)
      case 'traces':
        return this.#traces(question.ids, question.attempt)
      case 'version':
        return this.#versions.version(question.name, question.version)
      case 'artifactsOfVersion':
        return this.#versions.artifactsOf({ name: question.name, version: question.version })
      case 'alias':
        return this.#versions.alias(question.name, question.alias)
      case 'versionsOfModel':
        return this.#versions.search('name', '=', question.name)
      case 'versionsOfRun':
        return this.#versionsOfRun(question.runId, this.#fresh || question.fresh)
      case 'versionsFromSource':
        return this.#versions.search('source_path', '=', question.source)
      case 'versionsOfLoggedModel':
        return this.#versions.search('source_path', 'LIKE', `%${question.id}%`)
      case 'productionVersions':
        return this.#versions.inProduction(question.suffixes)
      case 'modelOfWebhook':
        return new WorkspaceLookups(this.#upstream, this.#caller).modelOfWebhook(question.id, question.suffix)
      case 'endpointOfId':
        return new WorkspaceLookups(this.#upstream, this.#caller).endpointOfId(question.id)
      case 'modelOfId':
        return this.#modelOfId(question.id, question.suffix)
    }
  }

  async #remember<V extends {}>(cache: LRUCache<string, V>, key: string, find: () => Promise<V>): Promise<V> {
    const known = this.#recollection.get(cache, key)
    if (known !== undefined) return known
    const found = await find()
    this.#recollection.set(cache, key, found)
    return found
  }

  /** One thing by its id. That it is absent is never remembered: it may be made the next moment. */
  async #one<V extends {}>(
    { cache, read, experimentOf, find = readFound }: Kind<V>,
    id: string,
    path: string,
    query: Readonly<Record<string, string>>,
  ): Promise<V | null> {
    const known = this.#recollection.get(cache, id)
    if (known !== undefined) return known
    const found = find(await this.#upstream.lookUp(path, query, this.#caller))
    if (found === null) return null
    const fact = read(found)
    this.#recollection.note(cache, id, fact, [experimentOf(fact)])
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
    const lookUps = new EntityLookups(this.#upstream, this.#caller, this.#recollection, this.#memory.entities)
    return lookUps.experimentsOf(kind, ids)
  }

  async #traces(ids: readonly string[], attempt: number): Promise<ReadonlyMap<string, TraceFact>> {
    const lookUps = new TraceLookups(this.#upstream, this.#caller, this.#recollection, this.#memory.traces)
    if (attempt > 0) await this.#clock.until(this.#clock.now() + pause, this.#caller.signal)
    return lookUps.find(ids)
  }

  #modelOfId(id: string, suffix: string): Promise<string | null> {
    const lookUps = new WorkspaceLookups(this.#upstream, this.#caller)
    return lookUps.modelOfId(this.#recollection, this.#memory.modelIds, id, suffix)
  }

  async #experiments(ids: readonly string[]): Promise<ReadonlyMap<string, ExperimentFact>> {
    const facts = new Map<string, ExperimentFact>()
    // An open-source server has none with such an id, and old ones fail on it.
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
