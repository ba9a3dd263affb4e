import { upstreamStorePath } from '../../policy/checks/artifacts/artifact-paths.ts'
import { usesCatalog } from '../../policy/environments/environment.ts'
import { type Grant, isGrant } from '../../policy/grant.ts'
import { type ArtifactPlace, type StoredPath, storedPathOf } from '../../policy/locations/artifact-place.ts'
import { clientDatabricksLocation } from '../../policy/locations/databricks-location.ts'
import { canonicalPath } from '../../policy/locations/store-path.ts'
import { workspaceStorePath } from '../../policy/locations/workspace-file.ts'
import { placesMeaning, textMeaning } from '../../policy/messages/message-fields.ts'
import { isVersion } from '../../policy/names/ids.ts'
import { parseModelUri } from '../../policy/names/model-uri.ts'
import { resolveName } from '../../policy/names/names.ts'
import { Refusal } from '../../policy/reasons.ts'
import { upstreamMessage } from './upstream-message.ts'

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

/** Where a source lies, in upstream names; null for storage that the workspace gives nobody credentials for. */
function placeOfSource(uri: string): StoredPath | null {
  const model = parseModelUri(uri)
  if (model?.kind === 'logged') return { place: { kind: 'loggedModel', experimentId: '', modelId: model.modelId }, path: '' }
  if (model?.kind === 'registered') {
    const version = model.selector.slice(1)
    if (isVersion(version)) return { place: { kind: 'version', name: model.name, version }, path: '' }
    throw new Refusal(
      'invalid-parameter',
      'Use the number of the version: the source is copied, and an alias may move meanwhile.',
    )
  }
  const [, runId, path = ''] = /^runs:\/([0-9a-f]{32})(?:\/(.*))?$/.exec(uri) ?? []
  if (runId !== undefined) return { place: { kind: 'run', experimentId: '', runId }, path }
  const location = clientDatabricksLocation(uri)
  return location.startsWith('mlflow-artifacts:/')
    ? storedPathOf(canonicalPath(location.slice('mlflow-artifacts:/'.length)))
    : null
}

/** What a granted registration is made of, to be read. Throws `invalid-parameter` for a source that the proxy cannot copy. */
export function sourceRequest(grant: Grant): ArtifactRequest {
  if (!isGrant(grant)) throw new TypeError('nothing is forwarded without a grant')
  const source = textMeaning(grant.endpoint, upstreamMessage(grant), 'versionSource')
  const stored = source === null ? null : placeOfSource(source)
  if (stored !== null) return new ArtifactRequest(stored)
  throw new Refusal(
    'invalid-parameter',
    'Unity Catalog keeps a copy of its own of every version, and the proxy copies from runs, logged models, versions and DBFS only. Log the model to a run first.',
  )
}

/** The files of the version that a granted registration has made, to be written. */
export function newVersionRequest(grant: Grant, version: string): ArtifactRequest {
  if (!isGrant(grant) || grant.endpoint.makes !== 'version' || grant.endpoint.bringsFiles)
    throw new TypeError('nothing is forwarded without a grant')
  const name = textMeaning(grant.endpoint, upstreamMessage(grant), 'modelName')
  if (name === null || !isVersion(version)) throw new TypeError('the registration that was granted made no version')
  return new ArtifactRequest({ place: { kind: 'version', name, version }, path: '' })
}

/** The path that was granted, as Databricks has it. */
export function artifactRequest(grant: Grant): ArtifactRequest {
  if (!isGrant(grant)) throw new TypeError('nothing is forwarded without a grant')
  const { endpoint, message, context } = grant
  const [file] = placesMeaning(endpoint, message, 'workspaceFile', 'dbfsPath')
  const said = textMeaning(endpoint, message, 'storePath') ?? textMeaning(endpoint, message, 'storeFolder')
  const path =
    file === undefined ? said : workspaceStorePath(endpoint, file.selector, String(file.value), usesCatalog(context.config))
  const stored = path === null ? null : storedPathOf(upstreamStorePath(path, context.defaultExperimentId))
  if (stored === null) throw new TypeError('the request that was granted has no artifact')
  if (stored.place.kind !== 'version') return new ArtifactRequest(stored)
  const { upstream } = resolveName(context.config, context.environment, 'model', stored.place.name)
  return new ArtifactRequest({ ...stored, place: { ...stored.place, name: upstream } })
}
