import { randomUUID } from 'node:crypto'
import { DatabricksError, invalid, json } from './answer.ts'
import { type Call, type Fields, number, optionalText, type Routes, text, texts } from './call.ts'
import { managedLocation } from './mlflow.ts'
import type { Registry } from './model-versions.ts'
import { versionOf } from './models.ts'
import { runIdOf } from './owners.ts'
import type { WorkspaceOptions } from './start-workspace.ts'
import { entriesOf, type Storage } from './storage.ts'
import { loggedModelFolder, runFolder } from './version-source.ts'

const base = '/api/2.0/mlflow'

/** A path below a folder of artifacts; empty for the folder itself. Throws 400 for one that leaves it. */
function relativePath(path: string): string {
  const clean = path.replace(/\/+$/, '')
  if (clean.startsWith('/') || clean.split('/').some((part) => part === '..' || part === '.')) {
    throw invalid(`Invalid artifact path: '${path}'`)
  }
  return clean === '' ? '' : clean
}

const join = (folder: string, path: string) => (path === '' ? folder : `${folder}/${path}`)

/** One page of a folder: paths are relative to the root of the artifacts (fact 46), and a file is listed as itself. */
async function listPage(storage: Storage, folder: string, fields: Fields, path: string, pageSize: number) {
  const entries = await entriesOf(storage, join(folder, path))
  const parent = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : ''
  const itself = entries.length > 0 || path === '' ? [] : await entriesOf(storage, join(folder, parent))
  const found = itself.filter((entry) => join(parent, entry.name).replace(/^\//, '') === path)
  const shown =
    entries.length > 0 ? entries.map((entry) => ({ entry, at: path === '' ? entry.name : `${path}/${entry.name}` })) : []
  const all = [...shown, ...found.map((entry) => ({ entry, at: path }))]
  const start = number(fields, 'page_token', 0)
  const files = all.slice(start, start + pageSize).map(({ entry, at }) => ({
    path: at,
    is_dir: entry.isFolder,
    ...(entry.isFolder ? {} : { file_size: entry.size }),
  }))
  return { files, ...(start + pageSize < all.length ? { next_page_token: String(start + pageSize) } : {}) }
}

/** How long a signed URL that is made now is good for. */
export function credentialSeconds({ credentialSeconds: seconds = 3600 }: Pick<WorkspaceOptions, 'credentialSeconds'>): number {
  return typeof seconds === 'function' ? seconds() : seconds
}

/** Signs URLs for files, for as long as the options say at that moment. The headers are to be sent with the bytes (facts 48 and 50). */
function makeSigner(storage: Storage, options: WorkspaceOptions) {
  return (folder: string, path: string, may: 'read' | 'write') => {
    const clean = relativePath(path)
    if (clean === '') throw invalid('A path of a file is required.')
    const headers = [{ name: 'x-ms-client-request-id', value: randomUUID() }]
    return {
      signed_uri: storage.sign(join(folder, clean), may, credentialSeconds(options)),
      headers,
      type: storage.credentialType,
    }
  }
}

function runRoutes({ owners, access, storage }: Registry, options: WorkspaceOptions): Routes {
  const sign = makeSigner(storage, options)
  const folderOf = async (call: Call, level: string) => {
    const id = runIdOf(call.fields)
    const experimentId = await owners.experimentOfRun(id)
    access.require(call.caller, await owners.experiment(experimentId), level)
    return runFolder(experimentId, id)
  }
  const credentials = (may: 'read' | 'write', level: string) => async (call: Call) => {
    const folder = await folderOf(call, level)
    const paths = texts(call.fields, 'path')
    if (paths.length === 0) throw invalid('Missing required field: path')
    const id = runIdOf(call.fields)
    return json({ credential_infos: paths.map((path) => ({ run_id: id, path, ...sign(folder, path, may) })) })
  }
  // Multipart uploads are for AWS (fact 49).
  const noMultipart = () => {
    throw new DatabricksError(400, 'BAD_REQUEST', 'Multipart uploads are not supported by the storage of this workspace.')
  }
  return {
    [`POST ${base}/artifacts/credentials-for-read`]: credentials('read', 'CAN_READ'),
    [`POST ${base}/artifacts/credentials-for-write`]: credentials('write', 'CAN_EDIT'),
    [`POST ${base}/artifacts/create-multipart-upload`]: noMultipart,
    [`POST ${base}/artifacts/complete-multipart-upload`]: noMultipart,
    [`GET ${base}/artifacts/get-presigned-upload-part-url`]: noMultipart,
    [`GET ${base}/artifacts/list`]: async (call) => {
      const folder = await folderOf(call, 'CAN_READ')
      const path = relativePath(optionalText(call.fields, 'path') ?? '')
      return json({
        root_uri: `dbfs:/${folder}`,
        ...(await listPage(storage, folder, call.fields, path, options.pageSize ?? 1000)),
      })
    },
  }
}

/** Logged models' artifacts (fact 53). */
function loggedModelRoutes({ owners, access, storage }: Registry, options: WorkspaceOptions): Routes {
  const sign = makeSigner(storage, options)
  const path = `${base}/logged-models/{model_id}/artifacts`
  const folderOf = async (call: Call, level: string) => {
    const id = text(call.params, 'model_id')
    const experimentId = await owners.experimentOfModel(id)
    access.require(call.caller, await owners.experiment(experimentId), level)
    return loggedModelFolder(experimentId, id)
  }
  const credentials = (may: 'read' | 'write', level: string) => async (call: Call) => {
    const folder = await folderOf(call, level)
    const model = text(call.params, 'model_id')
    return json({
      credentials: texts(call.fields, 'paths').map((each) => ({
        model_id: model,
        credential_info: { path: each, ...sign(folder, each, may) },
      })),
    })
  }
  return {
    [`POST ${path}/credentials-for-download`]: credentials('read', 'CAN_READ'),
    [`POST ${path}/credentials-for-upload`]: credentials('write', 'CAN_EDIT'),
    [`GET ${path}/directories`]: async (call) => {
      const folder = await folderOf(call, 'CAN_READ')
      const place = relativePath(optionalText(call.fields, 'artifact_directory_path') ?? '')
      return json({
        root_uri: `dbfs:/${folder}`,
        ...(await listPage(storage, folder, call.fields, place, options.pageSize ?? 1000)),
      })
    },
  }
}

/** Files of registered versions: listed and signed, never written (fact 56). */
function versionRoutes({ models, storage }: Registry, options: WorkspaceOptions): Routes {
  const sign = makeSigner(storage, options)
  const folderOf = async (call: Call) => {
    const { name, version } = versionOf(call.fields)
    await models.requireVersion(call.caller, name, version, 'CAN_READ')
    const { folder } = models.versionNote(name, version)
    if (folder === null)
      throw new DatabricksError(400, 'INVALID_STATE', `Version ${version} of ${name} has no files in the registry.`)
    return folder
  }
  return {
    [`GET ${base}/model-versions/list-artifacts`]: async (call) => {
      const folder = await folderOf(call)
      const path = relativePath(optionalText(call.fields, 'path') ?? '')
      return json(await listPage(storage, folder, call.fields, path, options.pageSize ?? 1000))
    },
    [`GET ${base}/model-versions/get-signed-download-uri`]: async (call) => {
      const { signed_uri, headers } = sign(await folderOf(call), optionalText(call.fields, 'path') ?? '', 'read')
      return json({ signed_uri, headers })
    },
  }
}

/** Traces' data (fact 55). */
function traceRoutes({ owners, access, storage }: Registry, options: WorkspaceOptions): Routes {
  const sign = makeSigner(storage, options)
  const credential = (may: 'read' | 'write', level: string) => async (call: Call) => {
    const id = text(call.params, 'request_id')
    const experimentId = await owners.experimentOfTrace(id)
    access.require(call.caller, await owners.experiment(experimentId), level)
    const folder = managedLocation(`${experimentId}/${id}/artifacts`).replace('dbfs:/', '')
    return json({ credential_info: sign(folder, optionalText(call.fields, 'path') ?? 'traces.json', may) })
  }
  return {
    [`GET ${base}/traces/{request_id}/credentials-for-data-upload`]: credential('write', 'CAN_EDIT'),
    [`GET ${base}/traces/{request_id}/credentials-for-data-download`]: credential('read', 'CAN_READ'),
  }
}

/** Artifacts: the workspace gives lists and credentials, the bytes go to the storage and back by themselves (fact 37). */
export function artifactRoutes(registry: Registry, options: WorkspaceOptions): Routes {
  return {
    ...runRoutes(registry, options),
    ...loggedModelRoutes(registry, options),
    ...versionRoutes(registry, options),
    ...traceRoutes(registry, options),
  }
}
