import { leadingSlashTag, pendingAliasTag, pendingStageTag } from '../../policy/checks/request/tags.ts'
import type { Stage } from '../../policy/environments/environment.ts'
import type { UpstreamName } from '../../policy/names/names.ts'

/** All writes that the proxy itself sends upstream. Sending one twice changes nothing more. The renames are those of `adopt`. */
export type OwnWrite =
  | { readonly make: 'experiment'; readonly name: UpstreamName }
  | { readonly make: 'folder'; readonly path: string }
  | { readonly note: 'leadingSlash'; readonly experimentId: string; readonly value: boolean }
  | { readonly move: 'version'; readonly name: string; readonly version: string; readonly stage: Stage }
  | { readonly forget: 'pendingStage' | 'pendingAlias'; readonly name: string; readonly version: string }
  | { readonly tag: string; readonly value: string; readonly name: string; readonly version: string }
  | { readonly untag: string; readonly name: string; readonly version: string }
  | { readonly alias: string; readonly name: string; readonly version: string }
  | { readonly finalize: 'version'; readonly name: string; readonly version: string }
  | { readonly withdraw: 'version'; readonly name: string; readonly version: string }
  | { readonly rename: 'model'; readonly name: string; readonly newName: string }
  | { readonly rename: 'experiment'; readonly experimentId: string; readonly newName: string }

const api = '/api/2.0/mlflow'

/** The request for a write. */
export function writeOut(write: OwnWrite): {
  method: 'POST' | 'DELETE'
  path: string
  body: Readonly<Record<string, string | boolean>>
} {
  if ('path' in write) return { method: 'POST', path: '/api/2.0/workspace/mkdirs', body: { path: write.path } }
  if ('note' in write) {
    const body = { experiment_id: write.experimentId, key: leadingSlashTag, value: String(write.value) }
    return { method: 'POST', path: `${api}/experiments/set-experiment-tag`, body }
  }
  if ('make' in write) return { method: 'POST', path: `${api}/experiments/create`, body: { name: write.name } }
  if ('rename' in write) {
    const { newName: new_name } = write
    return write.rename === 'model'
      ? { method: 'POST', path: `${api}/registered-models/rename`, body: { name: write.name, new_name } }
      : { method: 'POST', path: `${api}/experiments/update`, body: { experiment_id: write.experimentId, new_name } }
  }
  const { name, version } = write
  if ('move' in write) {
    const body = { name, version, stage: write.stage, archive_existing_versions: false }
    return { method: 'POST', path: `${api}/model-versions/transition-stage`, body }
  }
  if ('alias' in write)
    return { method: 'POST', path: `${api}/registered-models/alias`, body: { name, version, alias: write.alias } }
  if ('tag' in write)
    return { method: 'POST', path: `${api}/model-versions/set-tag`, body: { name, version, key: write.tag, value: write.value } }
  const inCatalog = `${api}/unity-catalog/model-versions`
  if ('finalize' in write) return { method: 'POST', path: `${inCatalog}/finalize`, body: { name, version } }
  if ('withdraw' in write) return { method: 'DELETE', path: `${inCatalog}/delete`, body: { name, version } }
  const key = 'untag' in write ? write.untag : write.forget === 'pendingAlias' ? pendingAliasTag : pendingStageTag
  return { method: 'DELETE', path: `${api}/model-versions/delete-tag`, body: { name, version, key } }
}
