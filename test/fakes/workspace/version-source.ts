import { invalid } from './answer.ts'
import type { Member } from './directory.ts'
import type { Interior } from './interior.ts'
import type { Models } from './models.ts'

/** The folder in the store that a `dbfs:` location names; null for other locations. */
function storeFolder(location: string): string | null {
  const path = /^dbfs:\/+(.+?)\/?$/.exec(location)?.[1] ?? null
  if (path?.split('/').some((segment) => segment === '..' || segment === '.')) throw invalid(`Invalid path: ${location}`)
  return path
}

/**
 * The folder that a new version is copied from; null for a location outside the workspace, which is only written down.
 * Throws 403 where the caller may not read it, 404 where it is of nothing that is there.
 */
export async function findSource(
  interior: Interior & { models: Models },
  caller: Member,
  source: string,
): Promise<string | null> {
  const { owners, access, models } = interior
  const mayReadExperiment = async (id: string) => access.require(caller, await owners.experiment(id), 'CAN_READ')
  // No source there, says MLflow's own client, which sends the model's location in its place [M3 tracking/client.py]; nor is a prompt's,
  // which it refuses itself. In which words the workspace does is not known [INF].
  if (/^models:\/m-[0-9a-f]+$/.test(source) || !/^(?:[a-z0-9+.-]+:\/|\/)/i.test(source))
    throw invalid(`Got an invalid source '${source}'. A model version's source must be a location of files.`)
  const [, name, version] = /^models:\/([^/]+)\/(\d+)$/.exec(source) ?? []
  if (name !== undefined && version !== undefined) {
    await models.requireVersion(caller, name, version, 'CAN_READ')
    return models.versionNote(name, version).folder
  }
  const folder = storeFolder(source)
  const [, experimentId] = /^databricks\/mlflow-tracking\/(\d+|[0-9a-f]{32})\//.exec(folder ?? '') ?? []
  if (experimentId !== undefined) await mayReadExperiment(experimentId)
  return folder
}

/** Where the files of a logged model lie in the store (fact 43). */
export function loggedModelFolder(experimentId: string, modelId: string): string {
  return `databricks/mlflow-tracking/${experimentId}/logged_models/${modelId}/artifacts`
}

/** Where the files of a run lie in the store (fact 41). */
export function runFolder(experimentId: string, runId: string): string {
  return `databricks/mlflow-tracking/${experimentId}/${runId}/artifacts`
}
