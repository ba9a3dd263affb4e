import type { EntityKind } from '../../policy/genai/entity.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import { idIn, objectsIn, textsOf } from '../../policy/messages/message-fields.ts'
import { ownText } from '../../policy/names/own-text.ts'
import { readFoundIfServed } from './look-up-answers.ts'
import type { LookUps } from './look-ups.ts'
import { mapAtOnce } from './map-at-once.ts'

const api = '/api/3.0/mlflow'
/** Milliseconds. A data set's experiments may change at any time; everything else stays where it was created. */
const keepDataset = 1_000

interface Entity {
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
  const row = objectsIn(found.get('scorers')).find((each) => each.get('scorer_id') === id)
  const experiment = row === undefined ? null : idIn(row, 'experiment_id')
  return experiment === null ? [] : [experiment]
}

const entities: Readonly<Record<EntityKind, Entity>> = {
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

async function experimentsOf(lookUps: LookUps, kind: EntityKind, id: string): Promise<readonly string[]> {
  const { environmentCache, memory } = lookUps
  const key = entityKey(kind, id)
  const known = environmentCache.get(memory.entities, key)
  if (known !== undefined) return known
  const { path, query, experiments } = entities[kind]
  const found = await lookUps.find(path(id), query(id), readFoundIfServed)
  const ids = found === null ? [] : experiments(found, id).map(ownText)
  if (ids.length > 0) environmentCache.note(memory.entities, key, ids, ids, kind === 'dataset' ? keepDataset : undefined)
  return ids
}

/**
 * Looks up the experiments of things whose ids do not contain them. The ids must have the form that MLflow generates. Those that do not
 * exist, or belong to no experiment, are left out.
 */
export async function entityExperiments(
  lookUps: LookUps,
  kind: EntityKind,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = await mapAtOnce(ids, async (id) => [id, await experimentsOf(lookUps, kind, id)] as const)
  return new Map(found.filter(([, experiments]) => experiments.length > 0))
}

/** The key for a thing's experiments in the cache. */
export function entityKey(kind: EntityKind, id: string): string {
  return `${kind} ${id}`
}
