import type { ArtifactPlace } from '../../../policy/locations/artifact-place.ts'
import type { Json, JsonObject } from '../../../policy/messages/json/json.ts'
import { Refusal } from '../../../policy/reasons.ts'
import type { StoredFile } from './artifact-store.ts'
import { askPages, askStorage, bytesOf, rowsOf, type StorageCall, textOf, unknownStorageAnswer } from './storage-call.ts'

const api = '/api/2.0/mlflow'

/** The call that lists a folder of a location, and its parameters. */
function listCall(
  place: Exclude<ArtifactPlace, { kind: 'dbfs' | 'trace' }>,
  folder: string,
): [endpoint: string, message: Record<string, Json>] {
  const path = folder === '' ? {} : { path: folder }
  if (place.kind === 'run') return [`${api}/artifacts/list`, { run_id: place.runId, ...path }]
  if (place.kind === 'version') {
    return [`${api}/model-versions/list-artifacts`, { name: place.name, version: place.version, path: folder }]
  }
  const endpoint = `${api}/logged-models/${encodeURIComponent(place.modelId)}/artifacts/directories`
  return [endpoint, folder === '' ? {} : { artifact_directory_path: folder }]
}

async function rowsOfDbfs(call: StorageCall, folder: string): Promise<JsonObject[]> {
  try {
    return rowsOf(await askStorage(call, 'GET', '/api/2.0/dbfs/list', { path: `/${folder}` }, folder), 'files')
  } catch (error) {
    // As with other locations, a folder that does not exist is empty.
    if (error instanceof Refusal && error.reason === 'not-found') return []
    throw error
  }
}

function readRow(row: JsonObject, folder: string): StoredFile {
  const path = textOf(row, 'path')
  const prefix = folder === '' ? '' : `${folder}/`
  const name = path.slice(prefix.length)
  if (!path.startsWith(prefix) || name === '' || name === '.' || name === '..' || name.includes('/')) {
    throw unknownStorageAnswer('a file that does not lie in the folder')
  }
  const isDir = row.get('is_dir') ?? false
  if (typeof isDir !== 'boolean') throw unknownStorageAnswer('an is_dir that is not a boolean')
  return { path: name, isDir, fileSize: isDir ? null : bytesOf(row, 'file_size') }
}

/** The rows of a folder; empty for a file, which Databricks lists as itself. */
export async function listFolder(call: StorageCall, place: ArtifactPlace, folder: string): Promise<StoredFile[]> {
  if (place.kind === 'dbfs') {
    const rows = await rowsOfDbfs(call, folder)
    return readRows(rows, `/${folder}`)
  }
  // Databricks does not list files of traces: clients know their names.
  if (place.kind === 'trace') return []
  const [endpoint, message] = listCall(place, folder)
  const rows = await askPages((page) => askStorage(call, 'GET', endpoint, { ...message, ...page }, folder), 'files')
  return readRows(rows, folder)
}

function readRows(rows: readonly JsonObject[], folder: string): StoredFile[] {
  const [first] = rows
  const isFile = rows.length === 1 && first !== undefined && textOf(first, 'path') === folder && first.get('is_dir') !== true
  return isFile ? [] : rows.map((row) => readRow(row, folder))
}
