import { isLoggedModelId, isRunId } from './ids.ts'

const artifacts = 'WorkspaceInternal/Mlflow/Artifacts/'

/**
 * The store path of what clients call by a path of the Files API, as it stands in an address; null for every other file of a workspace.
 * An escape that is left in a name, once decoded, is none of ours: the store's own paths would decode it.
 */
export function workspaceStorePath(path: string): string | null {
  let plain: string
  try {
    plain = decodeURIComponent(path)
  } catch {
    return null
  }
  if (!plain.startsWith(artifacts) || /%[0-9a-f]{2}/i.test(plain)) return null
  const [experimentId = '', kind, owner = '', ...rest] = plain.slice(artifacts.length).split('/')
  if (kind === 'Runs' && isRunId(owner)) return [experimentId, owner, ...rest].join('/')
  return kind === 'LoggedModels' && isLoggedModelId(owner) ? [experimentId, 'models', owner, ...rest].join('/') : null
}
