import { type ArtifactPlace, type StoredPath, storedPathOf } from '../policy/artifact-place.ts'
import { upstreamStorePath } from '../policy/checks/artifacts.ts'
import { type Grant, isGrant } from '../policy/grant.ts'
import { textMeaning } from '../policy/message-fields.ts'
import { resolveName } from '../policy/names.ts'
import { workspaceStorePath } from '../policy/workspace-file.ts'

/** What may be done with one path of a Databricks workspace's artifacts. Made from a grant, and from nothing else. */
class ArtifactRequest implements StoredPath {
  readonly #granted = true
  /** In upstream names and ids. */
  readonly place: ArtifactPlace
  readonly path: string
  constructor({ place, path }: StoredPath) {
    this.place = place
    this.path = path
    Object.freeze(this)
  }

  static is(value: unknown): value is ArtifactRequest {
    return typeof value === 'object' && value !== null && #granted in value && value.#granted
  }
}

export type { ArtifactRequest }

/** Whether a value is a real artifact request, whatever the types say. */
export const isArtifactRequest: (value: unknown) => value is ArtifactRequest = ArtifactRequest.is

/** The path that was granted, as Databricks has it. */
export function artifactRequest(grant: Grant): ArtifactRequest {
  if (!isGrant(grant)) throw new TypeError('nothing is forwarded without a grant')
  const { endpoint, message, findings } = grant
  const file = textMeaning(endpoint, message, 'workspaceFile')
  const said = textMeaning(endpoint, message, 'storePath') ?? textMeaning(endpoint, message, 'storeFolder')
  const path = file === null ? said : workspaceStorePath(file)
  const stored = path === null ? null : storedPathOf(upstreamStorePath(path, findings.defaultExperimentId))
  if (stored === null) throw new TypeError('the request that was granted has no artifact')
  if (stored.place.kind !== 'version') return new ArtifactRequest(stored)
  const { upstream } = resolveName(findings.landscape, findings.environment, 'model', stored.place.name)
  return new ArtifactRequest({ ...stored, place: { ...stored.place, name: upstream } })
}
