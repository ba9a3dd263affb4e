import type { JsonObject } from '../../messages/json/json.ts'
import { tagPairs } from '../traces/trace-tags.ts'

/**
 * Tags with which a client on Databricks requests its notebook's or job's experiment
 * (mlflow/tracking/default_experiment/databricks_notebook_experiment_provider.py).
 */
const sourceIdTag = 'mlflow.experiment.sourceId'
const sourceTags: ReadonlySet<string> = new Set([sourceIdTag, 'mlflow.experiment.sourceType'])

/** Whether a tag says which notebook or job a new experiment belongs to. */
export function isSourceTag(key: unknown): boolean {
  return typeof key === 'string' && sourceTags.has(key)
}

/** Whether a new experiment is a notebook's or a job's, which its second session is to find again. */
export function isForNotebook(message: JsonObject): boolean {
  return tagPairs(message.get('tags') ?? null).some(([key]) => key === sourceIdTag)
}
