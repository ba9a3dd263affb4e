import { type Answer, absent, denied, json } from './answer.ts'
import { type Call, type Routes, text } from './call.ts'
import { entriesOf, type Storage } from './storage.ts'
import type { UcModels } from './uc-models.ts'

const empty = (status: number, headers: Readonly<Record<string, string>> = {}): Answer => ({ status, headers, body: '' })

/** Where a path of the Files API lies in the store. Throws 403 for everything but the models of Unity Catalog. */
function makePlace(models: UcModels | null, storage: Storage) {
  return (call: Call, write: boolean): { path: string; storage: Storage } => {
    const path = `/${text(call.params, 'path')}`
    // MLflow 3 tries artifacts of runs here first and then asks for credentials (fact 54). 404 would read as "no such folder".
    if (models === null || !path.startsWith('/Models/')) throw denied(`User ${call.caller.name} may not access ${path}.`)
    const found = models.place(path)
    if (write && found.version.creator !== call.caller.name) throw denied(`User ${call.caller.name} may not write to ${path}.`)
    if (write && found.version.status === 'READY') throw denied(`${path} is of a version that is finalized.`)
    return { path: found.path, storage }
  }
}

/** The Files API (facts 33 and 54): files of Unity Catalog's versions; other places answer so that clients fall back. */
export function fileRoutes(storage: Storage, models: UcModels | null, credentialSeconds: number): Routes {
  const place = makePlace(models, storage)
  const files = '/api/2.0/fs/files/{path+}'
  const folders = '/api/2.0/fs/directories/{path+}'
  const read = async (call: Call, withBody: boolean): Promise<Answer> => {
    const { path } = place(call, false)
    const bytes = await storage.read(path)
    if (bytes === null) throw absent(`File ${path} does not exist.`)
    const headers = { 'content-type': 'application/octet-stream', 'last-modified': new Date(0).toUTCString() }
    return withBody ? { status: 200, headers, body: bytes } : empty(200, { ...headers, 'content-length': String(bytes.length) })
  }
  const url = (may: 'read' | 'write') => (call: Call) => {
    const params = { path: text(call.fields, 'path').replace(/^\//, '') }
    const { path } = place({ ...call, params }, may === 'write')
    const headers = may === 'write' ? [{ name: 'x-ms-blob-type', value: 'BlockBlob' }] : []
    return json({ url: storage.sign(path, may, credentialSeconds), headers })
  }
  return {
    [`PUT ${files}`]: async (call) => {
      await storage.write(place(call, true).path, call.body)
      return empty(204)
    },
    [`GET ${files}`]: (call) => read(call, true),
    [`HEAD ${files}`]: (call) => read(call, false),
    [`DELETE ${files}`]: async (call) => {
      await storage.remove(place(call, true).path)
      return empty(204)
    },
    [`PUT ${folders}`]: (call) => {
      place(call, true)
      return empty(204)
    },
    [`HEAD ${folders}`]: async (call) => {
      const { path } = place(call, false)
      if ((await storage.files(path)).length === 0) throw absent(`Directory ${path} does not exist.`)
      return empty(200)
    },
    [`GET ${folders}`]: async (call) => {
      const folder = `/${text(call.params, 'path').replace(/\/$/, '')}`
      const entries = await entriesOf(storage, place(call, false).path)
      const contents = entries.map(({ name, isFolder, size }) => ({
        path: `${folder}/${name}`,
        name,
        is_directory: isFolder,
        ...(isFolder ? {} : { file_size: size }),
        last_modified: 0,
      }))
      return json({ contents })
    },
    'POST /api/2.0/fs/create-upload-url': url('write'),
    'POST /api/2.0/fs/create-download-url': url('read'),
  }
}
