import { ask, type Inquiry } from '../../fact-query.ts'
import type { Findings } from '../../grant.ts'
import { type Json, JsonNumber, type JsonObject } from '../../messages/json/json.ts'
import { ownStored } from '../../names/names.ts'
import { isOwn } from '../runs/owned-ids.ts'

/** The id in a field of a row, which MLflow writes as a text or as a number. */
export function idIn(row: JsonObject, field: string): string | null {
  const value = row.get(field)
  if (value instanceof JsonNumber) return value.text
  return typeof value === 'string' ? value : null
}

function* admitDatasets(findings: Findings, rows: readonly JsonObject[]): Inquiry<void> {
  const ids = rows.flatMap((row) => idIn(row, 'dataset_id') ?? []).filter((id) => !findings.admitted.has(id))
  if (ids.length === 0) return
  const of = yield* ask({ about: 'experimentsOf', kind: 'dataset', ids: [...new Set(ids)] })
  const facts = yield* ask({ about: 'experiments', ids: [...new Set([...of.values()].flat())] })
  for (const [id, experiments] of of) {
    if (experiments.length > 0 && experiments.every((experiment) => isOwn(findings, facts.get(experiment)))) {
      findings.admitted.add(id)
    }
  }
}

/** A binding tells its endpoint by the id alone. */
function* admitBindings(findings: Findings, rows: readonly JsonObject[]): Inquiry<void> {
  const ids = new Set(rows.flatMap((row) => idIn(row, 'endpoint_id') ?? []).filter((id) => !findings.admitted.has(id)))
  for (const id of ids) {
    const fact = yield* ask({ about: 'gatewayThing', kind: 'gatewayEndpoint', id })
    if (fact?.id === id && ownStored(findings, 'gateway', fact.name) !== null) findings.admitted.add(id)
  }
}

/** Finds out which rows of an answer are the caller's own, where the request left open whose rows it is for. */
export function* admitRows(findings: Findings, message: string, rows: readonly Json[]): Inquiry<void> {
  const objects = rows.filter((row) => row instanceof Map)
  if (message === 'mlflow.datasets.Dataset') return yield* admitDatasets(findings, objects)
  if (message === 'mlflow.GatewayEndpointBinding') return yield* admitBindings(findings, objects)
  const known = (id: string) => findings.visibleExperiments.has(id) || findings.admitted.has(id)
  const ids = new Set(objects.flatMap((row) => idIn(row, 'experiment_id') ?? []).filter((id) => !known(id)))
  if (ids.size === 0) return
  const facts = yield* ask({ about: 'experiments', ids: [...ids] })
  for (const id of ids) if (isOwn(findings, facts.get(id))) findings.admitted.add(id)
}
