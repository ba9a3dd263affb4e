import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { databricksScope, type Entra, registerApplication, requestToken } from '../test/fakes/entra.ts'
import { startWorkspace, type Workspace } from '../test/fakes/workspace/start-workspace.ts'
import type { StoredFiles } from './findings.ts'
import type { Standpoint } from './python-script.ts'

/** The two identities of the workspace: the proxy's own, and an administrator's, who bypasses the proxy. */
export const members = { proxy: registerApplication(), administrator: registerApplication() }

/** Starts a simulated Databricks workspace over an MLflow server, with Azure storage. */
export async function startDemoWorkspace(mlflow: { readonly url: string }, entra: Entra): Promise<Workspace> {
  const workspace = await startWorkspace({ mlflow, issuer: entra, storage: 'blob' })
  for (const { objectId, clientId } of Object.values(members)) {
    workspace.add({ objectId, name: clientId, groups: ['admins'] })
  }
  return workspace
}

/** The proxy's settings for the workspace: a service principal for the proxy, and no permissions for callers. */
export function upstreamSection({ url, storage }: Workspace): Readonly<Record<string, unknown>> {
  const { clientId, clientSecret } = members.proxy
  const clientSecretFile = join(mkdtempSync(join(tmpdir(), 'principal-')), 'secret')
  writeFileSync(clientSecretFile, clientSecret)
  const credentials = { mode: 'servicePrincipal', clientId, clientSecretFile }
  return { url, kind: 'databricks', credentials, storageHosts: [new URL(storage.sign('x', 'read', 1)).host] }
}

/** Bypasses the proxy, as an administrator of the workspace, with MLflow's client for Databricks. */
export async function administratorsStandpoint({ url }: Workspace, entra: Entra): Promise<Standpoint> {
  const token = await requestToken(entra, members.administrator, databricksScope)
  return { uri: 'databricks', env: { MLFLOW_REGISTRY_URI: 'databricks', DATABRICKS_HOST: url, DATABRICKS_TOKEN: token } }
}

/** How many files of each kind the training left in the storage, and where. */
export async function countStored({ storage }: Workspace): Promise<StoredFiles> {
  const files = await storage.files('databricks')
  const count = (place: RegExp) => files.filter(({ path }) => place.test(path)).length
  return {
    notes: count(/^databricks\/mlflow-tracking\/\d+\/[0-9a-f]{32}\/artifacts\/notes\.md$/),
    models: count(/^databricks\/mlflow-tracking\/\d+\/logged_models\/m-[0-9a-f]{32}\/artifacts\/MLmodel$/),
    versions: count(/^databricks\/mlflow-registry\/[0-9a-f]{32}\/models\/[^/]+\/MLmodel$/),
  }
}
