import type { LRUCache } from 'lru-cache'
import type { EntityKind } from '../../policy/genai/entity.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import { idIn, textsOf } from '../../policy/messages/message-fields.ts'
import { ownText } from '../../policy/names/own-text.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { CallerCredentials } from '../upstream/upstream-credentials.ts'
import type { EnvironmentCache } from './environment-cache.ts'
import { readFoundIfServed } from './look-up-answers.ts'

const api = '/api/3.0/mlflow'
/** Milliseconds. A data set's experiments may change at any time; everything else stays where it was created. */
const keepDataset = 1_000
/** Concurrent look-ups. */
const workers = 8

interface LookUp {
  readonly path: (id: string) => string
  readonly query: (id: string) => Readonly<Record<string, string>>
  readonly experiments: (found: JsonObject, id: string) => readonly string[]
}

/** The experiment of the only object in an answer. */
const experimentIn = (field: string) => (found: JsonObject) => {
  const thing = found.get(field)
  return textsOf(thing instanceof Map ? (thing.get('experiment_id') ?? []) : [])
}
const nothing = () => ({})

/** The experiment of one row among the latest versions of all scorers: MLflow has no look-up by id. */
function experimentOfScorer(found: JsonObject, id: string): readonly string[] {
  const rows = found.get('scorers')
  const row = (Array.isArray(rows) ? rows : []).find((each) => each instanceof Map && each.get('scorer_id') === id)
  const experiment = row instanceof Map ? idIn(row, 'experiment_id') : null
  return experiment === null ? [] : [experiment]
}

const lookUps: Readonly<Record<EntityKind, LookUp>> = {
  dataset: {
    path: (id) => `${api}/datasets/${id}/experiment-ids`,
    query: nothing,
    experiments: (found) => textsOf(found.get('experiment_ids') ?? []),
  },
  issue: { path: (id) => `${api}/issues/${id}`, query: nothing, experiments: experimentIn('issue') },
  labelSchema: {
    path: () => `${api}/label-schemas/get`,
    query: (id) => ({ schema_id: id }),
    experiments: experimentIn('label_schema'),
  },
  reviewQueue: {
    path: () => `${api}/review-queues/get`,
    query: (id) => ({ queue_id: id }),
    experiments: experimentIn('review_queue'),
  },
  scorer: { path: () => `${api}/scorers/list`, query: nothing, experiments: experimentOfScorer },
}

/** Looks up the experiments of things whose ids do not contain them. The ids must have the form that MLflow generates. */
export class EntityLookups {
  readonly #upstream: Upstream
  readonly #caller: CallerCredentials
  readonly #environmentCache: EnvironmentCache
  readonly #known: LRUCache<string, readonly string[]>

  constructor(
    upstream: Upstream,
    caller: CallerCredentials,
    environmentCache: EnvironmentCache,
    known: LRUCache<string, readonly string[]>,
  ) {
    this.#upstream = upstream
    this.#caller = caller
    this.#environmentCache = environmentCache
    this.#known = known
  }

  /** Ids that do not exist, or belong to no experiment, are left out. */
  async experimentsOf(kind: EntityKind, ids: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
    const found = new Map<string, readonly string[]>()
    const queue = [...ids]
    const work = async () => {
      for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
        const experiments = await this.#one(kind, id)
        if (experiments.length > 0) found.set(id, experiments)
      }
    }
    await Promise.all(Array.from({ length: Math.min(workers, ids.length) }, work))
    return found
  }

  async #one(kind: EntityKind, id: string): Promise<readonly string[]> {
    const key = entityKey(kind, id)
    const known = this.#environmentCache.get(this.#known, key)
    if (known !== undefined) return known
    const { path, query, experiments } = lookUps[kind]
    const found = readFoundIfServed(await this.#upstream.lookUp(path(id), query(id), this.#caller))
    const ids = found === null ? [] : experiments(found, id).map(ownText)
    if (ids.length > 0) this.#environmentCache.note(this.#known, key, ids, ids, kind === 'dataset' ? keepDataset : undefined)
    return ids
  }
}

/** The key for a thing's experiments in the cache. */
export function entityKey(kind: EntityKind, id: string): string {
  return `${kind} ${id}`
}
