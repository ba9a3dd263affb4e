import type { OpenEndpoint } from '../endpoints/endpoint.ts'
import { isLoggedModelId, isRunId, isVersion } from '../names/ids.ts'
import { escapeSegment } from './artifact-place.ts'
import { clientDatabricksLocation } from './databricks-location.ts'

const artifacts = 'WorkspaceInternal/Mlflow/Artifacts/'
const models = 'Models/'

/** Of a version in Unity Catalog: clients write the levels of its name as folders, and one level where they say the plain name. */
function versionPath(segments: readonly string[]): string | null {
  const levels = [1, 3].find((count) => isVersion(segments[count] ?? ''))
  if (levels === undefined) return null
  const name = segments.slice(0, levels).join('.')
  return name === '' ? null : ['registry', escapeSegment(name), ...segments.slice(levels)].join('/')
}

/** A path as it stands in an address, decoded once; null for one that is badly encoded. */
function decodeAddress(path: string): string | null {
  try {
    return decodeURIComponent(path)
  } catch {
    return null
  }
}

/** The store path of what clients call by a path of the Files API; null for every other file of a workspace. */
function storePathOfFile(plain: string, inCatalog: boolean): string | null {
  if (inCatalog && plain.startsWith(models)) return versionPath(plain.slice(models.length).split('/'))
  if (!plain.startsWith(artifacts)) return null
  const [experimentId = '', kind, owner = '', ...rest] = plain.slice(artifacts.length).split('/')
  if (kind === 'Runs' && isRunId(owner)) return [experimentId, owner, ...rest].join('/')
  return kind === 'LoggedModels' && isLoggedModelId(owner) ? [experimentId, 'models', owner, ...rest].join('/') : null
}

/** The store path of an absolute path of DBFS; null for what the store has no path for. */
function storePathOfDbfs(plain: string): string | null {
  const path = /^mlflow-artifacts:\/(.+)$/.exec(clientDatabricksLocation(`dbfs:${plain}`))?.[1] ?? null
  if (path === null || path.startsWith('elsewhere/')) return null
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

/**
 * The store path of a file of the workspace's that a field names: by the Files API, or by DBFS; null for what the proxy does not serve.
 * An escape that is left in a name, once an address is decoded, is none of ours: the store's own paths would decode it.
 */
export function workspaceStorePath(
  { fields, multiSegment, signsUrl }: OpenEndpoint,
  field: string,
  text: string,
  inCatalog: boolean,
): string | null {
  const inAddress = field === multiSegment
  const escaped = inAddress || (fields[field] === 'workspaceFile' && !signsUrl)
  const plain = escaped ? decodeAddress(text) : signsUrl ? text.replace(/^\//, '') : text
  if (plain === null || /%[0-9a-f]{2}/i.test(plain)) return null
  if (fields[field] === 'workspaceFile') return storePathOfFile(plain, inCatalog)
  return storePathOfDbfs(inAddress ? `/${plain}` : plain)
}
