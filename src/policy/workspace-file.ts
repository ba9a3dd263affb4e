import { clientDatabricksLocation } from './databricks-location.ts'
import type { OpenEndpoint } from './endpoint.ts'
import { isLoggedModelId, isRunId } from './ids.ts'

const artifacts = 'WorkspaceInternal/Mlflow/Artifacts/'

/** A path as it stands in an address, decoded once; null for one that is badly encoded. */
function decodeAddress(path: string): string | null {
  try {
    return decodeURIComponent(path)
  } catch {
    return null
  }
}

/** The store path of what clients call by a path of the Files API; null for every other file of a workspace. */
function storePathOfFile(plain: string): string | null {
  if (!plain.startsWith(artifacts)) return null
  const [experimentId = '', kind, owner = '', ...rest] = plain.slice(artifacts.length).split('/')
  if (kind === 'Runs' && isRunId(owner)) return [experimentId, owner, ...rest].join('/')
  return kind === 'LoggedModels' && isLoggedModelId(owner) ? [experimentId, 'models', owner, ...rest].join('/') : null
}

/** The store path of an absolute path of DBFS; null for what the store has no path for. */
function storePathOfDbfs(plain: string): string | null {
  return /^mlflow-artifacts:\/(?!elsewhere\/)(.+?)\/?$/.exec(clientDatabricksLocation(`dbfs:${plain}`))?.[1] ?? null
}

/**
 * The store path of a file of the workspace's that a field names: by the Files API, or by DBFS; null for what the proxy does not serve.
 * An escape that is left in a name, once an address is decoded, is none of ours: the store's own paths would decode it.
 */
export function workspaceStorePath({ fields, multiSegment }: OpenEndpoint, field: string, text: string): string | null {
  const inAddress = field === multiSegment
  const plain = inAddress || fields[field] === 'workspaceFile' ? decodeAddress(text) : text
  if (plain === null || /%[0-9a-f]{2}/i.test(plain)) return null
  if (fields[field] === 'workspaceFile') return storePathOfFile(plain)
  return storePathOfDbfs(inAddress ? `/${plain}` : plain)
}
