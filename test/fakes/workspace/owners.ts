import type { ObjectPath } from './access.ts'
import { absent, type DatabricksError, invalid } from './answer.ts'
import { type Fields, objectOf, optionalText, text } from './call.ts'
import { type Folders, parentOf } from './folders.ts'
import type { Mlflow } from './mlflow.ts'

/** Says in which experiment things are, and with which permissions. */
export interface Owners {
  /** An experiment and the folders above it. Throws 404 for one that is absent, 400 for a folder's number (fact 23). */
  experiment(id: string): Promise<ObjectPath[]>
  /** Id of the experiment of a run. */
  experimentOfRun(runId: string): Promise<string>
  experimentOfModel(modelId: string): Promise<string>
  experimentOfTrace(traceId: string): Promise<string>
  /** Forgets the name of an experiment that was renamed. */
  forget(experimentId: string): void
}

/** MLflow's own default experiment, which a workspace does not have. */
export const openSourceDefault = '0'

/** What Databricks says of an id that is no object of the workspace [github.com/databrickslabs/dbx issue 385 looks for its end]. */
export function noSuchNode(id: string): DatabricksError {
  return absent(`Node ID ${id} does not exist.`)
}

/** Looks owners up in MLflow; runs, models and traces never move, so they are remembered. */
export function makeOwners(mlflow: Mlflow, folders: Folders): Owners {
  const names = new Map<string, string>()
  const homes = new Map<string, string>()
  const remember = async (key: string, find: () => Promise<string>) => {
    const home = homes.get(key) ?? (await find())
    homes.set(key, home)
    return home
  }
  const nameOf = async (id: string) => {
    const { experiment } = await mlflow.ask('GET', '/api/2.0/mlflow/experiments/get', { experiment_id: id })
    const name = text(objectOf(experiment), 'name')
    names.set(id, name)
    return name
  }
  return {
    async experiment(id) {
      if (folders.hasId(id))
        throw invalid(`Expected id ${id} to be an MLflow experiment or Databricks notebook, found 'DIRECTORY'.`)
      if (id === openSourceDefault) throw noSuchNode(id)
      const name = names.get(id) ?? (await nameOf(id))
      return [`/experiments/${id}`, ...folders.chainOf(parentOf(name))]
    },
    experimentOfRun: (runId) =>
      remember(`run ${runId}`, async () => {
        const { run } = await mlflow.ask('GET', '/api/2.0/mlflow/runs/get', { run_id: runId })
        return text(objectOf(objectOf(run).info), 'experiment_id')
      }),
    experimentOfModel: (modelId) =>
      remember(`model ${modelId}`, async () => {
        const { model } = await mlflow.ask('GET', `/api/2.0/mlflow/logged-models/${encodeURIComponent(modelId)}`)
        return text(objectOf(objectOf(model).info), 'experiment_id')
      }),
    experimentOfTrace: (traceId) =>
      remember(`trace ${traceId}`, async () => {
        const { trace } = await mlflow.ask('GET', `/api/3.0/mlflow/traces/${encodeURIComponent(traceId)}`)
        const { trace_location: location } = objectOf(objectOf(trace).trace_info)
        return text(objectOf(objectOf(location).mlflow_experiment), 'experiment_id')
      }),
    forget: (experimentId) => void names.delete(experimentId),
  }
}

/** The id in `run_id`, or in the older `run_uuid`. Throws 400 where there is neither. */
export function runIdOf(fields: Fields): string {
  return optionalText(fields, 'run_id') ?? text(fields, 'run_uuid')
}
