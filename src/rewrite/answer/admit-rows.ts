import { isOwn } from '../../policy/checks/runs/owned-ids.ts'
import { ask, type Evaluation } from '../../policy/fact-query.ts'
import type { GrantContext } from '../../policy/grant.ts'
import type { Json, JsonObject } from '../../policy/messages/json/json.ts'
import { idIn } from '../../policy/messages/message-fields.ts'
import { ownStored } from '../../policy/names/names.ts'
import { planOf } from './answer-plan.ts'
import type { Declaration } from './declaration.ts'

function* ownDatasets(context: GrantContext, ids: ReadonlySet<string>): Evaluation<readonly string[]> {
  const of = yield* ask({ about: 'experimentsOf', kind: 'dataset', ids: [...ids] })
  const facts = yield* ask({ about: 'experiments', ids: [...new Set([...of.values()].flat())] })
  return [...of].flatMap(([id, experiments]) =>
    experiments.length > 0 && experiments.every((experiment) => isOwn(context, facts.get(experiment))) ? [id] : [],
  )
}

/** A binding tells its endpoint by the id alone. */
function* ownEndpoints(context: GrantContext, ids: ReadonlySet<string>): Evaluation<readonly string[]> {
  const own: string[] = []
  for (const id of ids) {
    const fact = yield* ask({ about: 'gatewayThing', kind: 'gatewayEndpoint', id })
    if (fact?.id === id && ownStored(context, 'gateway', fact.name) !== null) own.push(id)
  }
  return own
}

function* ownExperiments(context: GrantContext, ids: ReadonlySet<string>): Evaluation<readonly string[]> {
  const facts = yield* ask({ about: 'experiments', ids: [...ids] })
  return [...ids].filter((id) => isOwn(context, facts.get(id)))
}

const admissions = { dataset: ownDatasets, gatewayEndpoint: ownEndpoints, experiment: ownExperiments } as const

/** What the rows of a message are admitted by, and the fields that hold its ids. */
function admissionOf({ owner, fields }: Declaration): { readonly by: keyof typeof admissions; readonly fields: string[] } {
  if (owner.by === 'datasetId') return { by: 'dataset', fields: [owner.field] }
  if (owner.by === 'gatewayEndpointId') return { by: 'gatewayEndpoint', fields: [owner.field] }
  const ids = Object.entries(fields).filter(([, meaning]) => meaning === 'experimentId' || meaning === 'ownExperimentId')
  return { by: 'experiment', fields: ids.map(([field]) => field) }
}

/** Finds out which rows of an answer are the caller's own, where the request left open whose rows it is for: gives all that is admitted then. */
export function* admitRows(context: GrantContext, message: string, rows: readonly Json[]): Evaluation<ReadonlySet<string>> {
  const told = admissionOf(planOf(message).declaration)
  const isKnown = (id: string) => context.admitted.has(id) || (told.by === 'experiment' && context.visibleExperiments.has(id))
  const idsIn = (row: JsonObject) => told.fields.flatMap((field) => idIn(row, field) ?? [])
  const ids = new Set(rows.flatMap((row) => (row instanceof Map ? idsIn(row) : [])).filter((id) => !isKnown(id)))
  const own = ids.size > 0 ? yield* admissions[told.by](context, ids) : []
  return own.length === 0 ? context.admitted : new Set([...context.admitted, ...own])
}
