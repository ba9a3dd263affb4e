import type { OpenEndpoint } from '../endpoints/endpoint.ts'
import type { Json, JsonObject } from '../messages/json/json.ts'
import { placesMeaning, textsMeaning } from '../messages/message-fields.ts'
import { Refusal } from '../reasons.ts'

function experimentAt(location: Json): string {
  const experiment = location instanceof Map ? location.get('mlflow_experiment') : undefined
  const id = experiment instanceof Map ? experiment.get('experiment_id') : undefined
  if (typeof id === 'string') return id
  throw new Refusal('invalid-parameter', "A trace location must be an experiment: set 'mlflow_experiment.experiment_id' in each.")
}

/** Ids of the experiments whose rows a request looks for, said as ids or as locations of traces. */
export function searchedExperiments(endpoint: OpenEndpoint, message: JsonObject): string[] {
  const ids = textsMeaning(endpoint, message, 'experimentsToSearch')
  const locations = placesMeaning(endpoint, message, 'locationsToSearch').flatMap(({ value }) =>
    Array.isArray(value) ? value : [],
  )
  return [...ids, ...locations.map(experimentAt)]
}

/** Whether the experiments of a search that names none can be named for it: in a body, where there is room for them. */
export function mayNameOwn({ search, anyExperiment, method, fields }: OpenEndpoint): boolean {
  return search !== undefined && anyExperiment === true && method === 'POST' && fields.experiment_ids === 'experimentsToSearch'
}

/** Locations of traces that mean these experiments. */
export function experimentLocations(ids: Iterable<string>): Json {
  return Array.from(
    ids,
    (id): JsonObject =>
      new Map<string, Json>([
        ['type', 'MLFLOW_EXPERIMENT'],
        ['mlflow_experiment', new Map([['experiment_id', id]])],
      ]),
  )
}
