import type { LRUCache } from 'lru-cache'
import { attributeClause, printFilter } from '../policy/filter/filter-string.ts'
import type { UpstreamName } from '../policy/names.ts'
import type { Answer, ExperimentFact, Question, VersionFact } from '../policy/questions.ts'
import { EntityLookups } from './entity-lookups.ts'
import { GatewayLookups } from './gateway-lookups.ts'
import type { World } from './inquiry.ts'
import { readExperiment, readFound, readFoundIfServed, readLoggedModel, readRun, readVersion } from './lookups.ts'
import type { Memory } from './memory.ts'
import { TraceLookups } from './trace-lookups.ts'
import type { Upstream } from './upstream.ts'
import type { CallerCredentials } from './upstream-credentials.ts'
import { WorkspaceLookups } from './workspace-lookups.ts'

const api = '/api/2.0/mlflow'

/** Answers questions by asking MLflow, with the credentials that the caller's own request would have. */
export class MlflowWorld implements World {
  readonly #upstream: Upstream
  readonly #memory: Memory
  readonly #caller: CallerCredentials
  readonly #makeDefault: (name: UpstreamName) => Promise<string>

  constructor(
    upstream: Upstream,
    memory: Memory,
    caller: CallerCredentials,
    makeDefault: (name: UpstreamName) => Promise<string>,
  ) {
    this.#upstream = upstream
    this.#memory = memory
    this.#caller = caller
    this.#makeDefault = makeDefault
  }

  answer(question: Question): Promise<Answer> {
    const key = JSON.stringify([question, this.#caller])
    const running = this.#memory.underWay.get(key)
    // A fresh answer must not be older than its question.
    if (running !== undefined && !('fresh' in question && question.fresh)) return running
    const answer = this.#find(question).finally(() => this.#memory.underWay.delete(key))
    this.#memory.underWay.set(key, answer)
    return answer
  }

  async #find(question: Question): Promise<Answer> {
    switch (question.about) {
      case 'defaultExperiment':
        return this.#remember(this.#memory.defaults, question.name, () => this.#makeDefault(question.name))
      case 'experiments':
        return this.#experiments(question.ids)
      case 'experimentsOf':
        return new EntityLookups(this.#upstream, this.#caller, this.#memory.entities).experimentsOf(question.kind, question.ids)
      case 'gatewayThing':
        return new GatewayLookups(this.#upstream, this.#caller).thing(question.kind, question.id)
      case 'gatewayUsers':
        return new GatewayLookups(this.#upstream, this.#caller).users(question.kind, question.id)
      case 'run':
        return this.#one(this.#memory.runs, question.id, `${api}/runs/get`, { run_id: question.id }, readRun)
      case 'loggedModel':
        return this.#one(
          this.#memory.loggedModels,
          question.id,
          `${api}/logged-models/${question.id}`,
          { allow_deleted: 'true' },
          readLoggedModel,
          readFoundIfServed,
        )
      case 'traces':
        return new TraceLookups(this.#upstream, this.#caller, this.#memory.traces).find(question.ids, question.awaited)
      case 'version':
        return this.#version(`${api}/model-versions/get`, { name: question.name, version: question.version })
      case 'artifactsOfVersion':
        return this.#artifactsOfVersion({ name: question.name, version: question.version })
      case 'alias':
        return this.#version(`${api}/registered-models/alias`, { name: question.name, alias: question.alias })
      case 'versionsOfModel':
        return this.#versions('name', '=', question.name)
      case 'versionsOfRun':
        return this.#versionsOfRun(question.runId, question.fresh)
      case 'versionsFromSource':
        return this.#versions('source_path', '=', question.source)
      case 'versionsOfLoggedModel':
        return this.#versions('source_path', 'LIKE', `%${question.id}%`)
      case 'productionVersions':
        return this.#productionVersions(question.suffixes)
      case 'modelOfWebhook':
        return new WorkspaceLookups(this.#upstream, this.#caller).modelOfWebhook(question.id, question.suffix)
      case 'endpointOfId':
        return new WorkspaceLookups(this.#upstream, this.#caller).endpointOfId(question.id)
      case 'modelOfId':
        return new WorkspaceLookups(this.#upstream, this.#caller).modelOfId(this.#memory.modelIds, question.id, question.suffix)
    }
  }

  async #remember<V extends {}>(cache: LRUCache<string, V>, key: string, find: () => Promise<V>): Promise<V> {
    const known = cache.get(key)
    if (known !== undefined) return known
    const found = await find()
    cache.set(key, found)
    return found
  }

  /** One thing by its id. That it is absent is never remembered: it may be made the next moment. */
  async #one<V extends {}>(
    cache: LRUCache<string, V>,
    id: string,
    path: string,
    query: Readonly<Record<string, string>>,
    read: (found: NonNullable<ReturnType<typeof readFound>>) => V,
    find: typeof readFound = readFound,
  ): Promise<V | null> {
    const known = cache.get(id)
    if (known !== undefined) return known
    const found = find(await this.#upstream.lookUp(path, query, this.#caller))
    if (found === null) return null
    const fact = read(found)
    cache.set(id, fact)
    return fact
  }

  async #experiments(ids: readonly string[]): Promise<ReadonlyMap<string, ExperimentFact>> {
    const facts = new Map<string, ExperimentFact>()
    const queue = [...ids]
    const work = async () => {
      for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
        const fact = await this.#one(
          this.#memory.experiments,
          id,
          `${api}/experiments/get`,
          { experiment_id: id },
          readExperiment,
        )
        if (fact?.id === id) facts.set(id, fact)
      }
    }
    await Promise.all(Array.from({ length: 8 }, work))
    return facts
  }

  async #version(path: string, query: Readonly<Record<string, string>>): Promise<VersionFact | null> {
    const found = readFound(await this.#upstream.lookUp(path, query, this.#caller))
    return found === null ? null : readVersion(found.get('model_version'))
  }

  async #artifactsOfVersion(query: { readonly name: string; readonly version: string }): Promise<string | null> {
    const found = readFound(await this.#upstream.lookUp(`${api}/model-versions/get-download-uri`, query, this.#caller))
    const uri = found?.get('artifact_uri')
    return typeof uri === 'string' && uri !== '' ? uri : null
  }

  async #versionsOfRun(runId: string, fresh: boolean): Promise<readonly VersionFact[]> {
    if (!fresh) return this.#remember(this.#memory.versionsOfRun, runId, () => this.#versions('run_id', '=', runId))
    const [byRun, bySource] = await Promise.all([
      this.#versions('run_id', '=', runId),
      this.#versions('source_path', 'LIKE', `%/${runId}/%`),
    ])
    return [...byRun, ...bySource]
  }

  async #productionVersions(suffixes: readonly string[]): Promise<readonly VersionFact[]> {
    const all = await this.#versions('name', 'LIKE', '%')
    return all.filter(({ name, stage }) => stage === 'Production' || suffixes.some((suffix) => name.endsWith(suffix)))
  }

  async #versions(key: string, comparator: '=' | 'LIKE', value: string): Promise<readonly VersionFact[]> {
    const filter = printFilter([attributeClause(key, comparator, { kind: 'string', text: value })])
    const versions: VersionFact[] = []
    let token = ''
    do {
      const query = { filter, max_results: '1000', ...(token === '' ? {} : { page_token: token }) }
      const found = readFound(await this.#upstream.lookUp(`${api}/model-versions/search`, query, this.#caller))
      const rows = found?.get('model_versions')
      for (const row of Array.isArray(rows) ? rows : []) versions.push(readVersion(row))
      const next = found?.get('next_page_token')
      token = typeof next === 'string' ? next : ''
    } while (token !== '')
    return versions
  }
}
