import type { Answer, ExperimentFact, FactQuery, LoggedModelFact, RunFact } from '../../policy/fact-query.ts'
import { isHexExperimentId } from '../../policy/names/ids.ts'
import { entityExperiments } from './entity-lookups.ts'
import { experimentOfName, experimentsNamed } from './experiment-lookups.ts'
import { gatewayThing, gatewayUsers } from './gateway-lookups.ts'
import { readExperiment, readFoundIfServed, readLoggedModel, readRun } from './look-up-answers.ts'
import type { LookUps } from './look-ups.ts'
import { mapAtOnce } from './map-at-once.ts'
import { findTraces } from './trace-lookups.ts'
import { findVersions } from './version-lookups.ts'
import { endpointOfId, modelOfId, modelOfWebhook } from './workspace-lookups.ts'

const api = '/api/2.0/mlflow'

function findRun(lookUps: LookUps, id: string): Promise<RunFact | null> {
  const kind = { cache: lookUps.memory.runs, read: readRun, experimentOf: ({ experimentId }: RunFact) => experimentId }
  return lookUps.one(kind, id, `${api}/runs/get`, { run_id: id })
}

function findLoggedModel(lookUps: LookUps, id: string): Promise<LoggedModelFact | null> {
  const kind = {
    cache: lookUps.memory.loggedModels,
    read: readLoggedModel,
    experimentOf: ({ experimentId }: LoggedModelFact) => experimentId,
    find: readFoundIfServed,
  }
  return lookUps.one(kind, id, `${api}/logged-models/${id}`, { allow_deleted: 'true' })
}

async function findExperiments(lookUps: LookUps, ids: readonly string[]): Promise<ReadonlyMap<string, ExperimentFact>> {
  const kind = { cache: lookUps.memory.experiments, read: readExperiment, experimentOf: ({ id }: ExperimentFact) => id }
  // Open-source servers have no such ids, and old ones fail on them.
  const asked = ids.filter((id) => lookUps.upstream.kind === 'databricks' || !isHexExperimentId(id))
  const facts = await mapAtOnce(asked, (id) => lookUps.one(kind, id, `${api}/experiments/get`, { experiment_id: id }))
  return new Map(asked.flatMap((id, index) => (facts[index]?.id === id ? [[id, facts[index]]] : [])))
}

/** The answer to a query. `fresh`: the current state, not a cached one. */
export async function findFact(lookUps: LookUps, query: FactQuery, fresh: boolean): Promise<Answer> {
  switch (query.about) {
    case 'defaultExperiment':
      return lookUps.remember(lookUps.memory.defaults, query.name, () =>
        experimentOfName(lookUps.upstream, lookUps.caller, query.name),
      )
    case 'experiments':
      return findExperiments(lookUps, query.ids)
    case 'experimentsNamed':
      return experimentsNamed(lookUps, query.pattern)
    case 'experimentsOf':
      return entityExperiments(lookUps, query.kind, query.ids)
    case 'gatewayThing':
      return gatewayThing(lookUps, query.kind, query.id)
    case 'gatewayUsers':
      return gatewayUsers(lookUps, query.kind, query.id)
    case 'run':
      return findRun(lookUps, query.id)
    case 'loggedModel':
      return findLoggedModel(lookUps, query.id)
    case 'traces':
      return findTraces(lookUps, query.ids)
    case 'modelOfWebhook':
      return modelOfWebhook(lookUps, query.id, query.suffix)
    case 'endpointOfId':
      return endpointOfId(lookUps, query.id)
    case 'modelOfId':
      return modelOfId(lookUps, query.id, query.suffix)
    default:
      return findVersions(lookUps, query, fresh)
  }
}
