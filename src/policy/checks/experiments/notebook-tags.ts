import type { JsonObject } from '../../messages/json/json.ts'
import { tagPairs } from '../traces/trace-tags.ts'

/**
 * Tags by which a client on Databricks says whose experiment it wants: its notebook's, or its job's
 * (mlflow/tracking/default_experiment/databricks_notebook_experiment_provider.py).
 */
const sourceIdTag = 'mlflow.experiment.sourceId'
const sourceTags: ReadonlySet<string> = new Set([sourceIdTag, 'mlflow.experiment.sourceType'])

/** Whether a tag says whose experiment a new one is to be. */
export function isSourceTag(key: unknown): boolean {
  return typeof key === 'string' && sourceTags.has(key)
}

/** Whether a new experiment is a notebook's or a job's, which its second session is to find again. */
export function isForNotebook(message: JsonObject): boolean {
  return tagPairs(message.get('tags') ?? null).some(([key]) => key === sourceIdTag)
}
