import { ask, type Evaluation } from '../../fact-query.ts'
import type { GrantContext } from '../../grant.ts'
import { type Json, JsonNumber, type JsonObject } from '../../messages/json/json.ts'
import { ownStored } from '../../names/names.ts'
import { isOwn } from '../runs/owned-ids.ts'

/** The id in a field of a row, which MLflow writes as a text or as a number. */
export function idIn(row: JsonObject, field: string): string | null {
  const value = row.get(field)
  if (value instanceof JsonNumber) return value.text
  return typeof value === 'string' ? value : null
}

function* admitDatasets(context: GrantContext, rows: readonly JsonObject[]): Evaluation<void> {
  const ids = rows.flatMap((row) => idIn(row, 'dataset_id') ?? []).filter((id) => !context.admitted.has(id))
  if (ids.length === 0) return
  const of = yield* ask({ about: 'experimentsOf', kind: 'dataset', ids: [...new Set(ids)] })
  const facts = yield* ask({ about: 'experiments', ids: [...new Set([...of.values()].flat())] })
  for (const [id, experiments] of of) {
    if (experiments.length > 0 && experiments.every((experiment) => isOwn(context, facts.get(experiment)))) {
      context.admitted.add(id)
    }
  }
}

/** A binding tells its endpoint by the id alone. */
function* admitBindings(context: GrantContext, rows: readonly JsonObject[]): Evaluation<void> {
  const ids = new Set(rows.flatMap((row) => idIn(row, 'endpoint_id') ?? []).filter((id) => !context.admitted.has(id)))
  for (const id of ids) {
    const fact = yield* ask({ about: 'gatewayThing', kind: 'gatewayEndpoint', id })
    if (fact?.id === id && ownStored(context, 'gateway', fact.name) !== null) context.admitted.add(id)
  }
}

/** Finds out which rows of an answer are the caller's own, where the request left open whose rows it is for. */
export function* admitRows(context: GrantContext, message: string, rows: readonly Json[]): Evaluation<void> {
  const objects = rows.filter((row) => row instanceof Map)
  if (message === 'mlflow.datasets.Dataset') return yield* admitDatasets(context, objects)
  if (message === 'mlflow.GatewayEndpointBinding') return yield* admitBindings(context, objects)
  const known = (id: string) => context.visibleExperiments.has(id) || context.admitted.has(id)
  const ids = new Set(objects.flatMap((row) => idIn(row, 'experiment_id') ?? []).filter((id) => !known(id)))
  if (ids.size === 0) return
  const facts = yield* ask({ about: 'experiments', ids: [...ids] })
  for (const id of ids) if (isOwn(context, facts.get(id))) context.admitted.add(id)
}
