import { type Json, JsonNumber, type JsonObject } from '../../src/policy/messages/json/json.ts'
import type { StorageCall } from '../../src/server/databricks/storage/storage-call.ts'
import { entriesOf, type Storage } from '../databricks/storage.ts'

/** What Databricks was asked, and what it keeps: enough of its artifact calls for the storage engine. */
export interface ArtifactCalls {
  readonly call: StorageCall
  readonly log: { readonly endpoint: string; readonly message: JsonObject }[]
  /** Files of DBFS by path without the first slash. */
  readonly dbfs: Map<string, Buffer>
  /** Seconds for which the next signed URLs are good; the last one for all that follow. */
  readonly lifetimes: number[]
  /** Headers that go with every credential. */
  readonly headers: Record<string, string>
}

const object = (fields: Record<string, Json>): JsonObject => new Map(Object.entries(fields))
const int = (value: number) => new JsonNumber(String(value))
const words = (value: Json | undefined) => (Array.isArray(value) ? value.map(String) : [String(value ?? '')])
const missing = { status: 404, json: object({ error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'no such file' }) }

type Answer = Awaited<ReturnType<StorageCall>>

/** Calls that work on DBFS alone: a handle stands for what was written to it so far. */
function dbfsCalls(dbfs: Map<string, Buffer>) {
  const open = new Map<string, { path: string; blocks: Buffer[] }>()
  const pathOf = (message: JsonObject, name = 'path') => String(message.get(name)).replace(/^\//, '')
  const row = (path: string) => object({ path: `/${path}`, is_dir: false, file_size: int(dbfs.get(path)?.length ?? 0) })
  const handlers: Record<string, (message: JsonObject) => Answer> = {
    mkdirs: () => ({ status: 200, json: object({}) }),
    create(message) {
      const handle = String(open.size + 1)
      open.set(handle, { path: pathOf(message), blocks: [] })
      return { status: 200, json: object({ handle: new JsonNumber(handle) }) }
    },
    'add-block'(message) {
      const handle = message.get('handle')
      const block = Buffer.from(String(message.get('data')), 'base64')
      if (block.length > 1_000_000) return { status: 400, json: object({ error_code: 'MAX_BLOCK_SIZE_EXCEEDED' }) }
      open.get(handle instanceof JsonNumber ? handle.text : '')?.blocks.push(block)
      return { status: 200, json: object({}) }
    },
    close(message) {
      const handle = message.get('handle')
      const file = open.get(handle instanceof JsonNumber ? handle.text : '')
      if (file !== undefined) dbfs.set(file.path, Buffer.concat(file.blocks))
      return { status: 200, json: object({}) }
    },
    delete(message) {
      return dbfs.delete(pathOf(message)) ? { status: 200, json: object({}) } : missing
    },
    move(message) {
      const [from, to] = [pathOf(message, 'source_path'), pathOf(message, 'destination_path')]
      const bytes = dbfs.get(from)
      if (bytes === undefined) return missing
      if (dbfs.has(to)) return { status: 400, json: object({ error_code: 'RESOURCE_ALREADY_EXISTS' }) }
      dbfs.delete(from)
      dbfs.set(to, bytes)
      return { status: 200, json: object({}) }
    },
    'get-status'(message) {
      const path = pathOf(message)
      if (dbfs.has(path)) return { status: 200, json: row(path) }
      const isDir = [...dbfs.keys()].some((key) => key.startsWith(`${path}/`))
      return isDir ? { status: 200, json: object({ path: `/${path}`, is_dir: true }) } : missing
    },
    list(message) {
      const path = pathOf(message)
      if (dbfs.has(path)) return { status: 200, json: object({ files: [row(path)] }) }
      const inside = [...dbfs.keys()].filter((key) => key.startsWith(`${path}/`))
      const names = new Set(inside.map((key) => key.slice(path.length + 1).split('/')[0] ?? ''))
      const rows = [...names].map((name) =>
        dbfs.has(`${path}/${name}`) ? row(`${path}/${name}`) : object({ path: `/${path}/${name}`, is_dir: true }),
      )
      return rows.length === 0 ? missing : { status: 200, json: object({ files: rows }) }
    },
    read(message) {
      const [offset, length] = ['offset', 'length'].map((name) => Number((message.get(name) as JsonNumber).text))
      const bytes = dbfs.get(pathOf(message))?.subarray(offset ?? 0, (offset ?? 0) + (length ?? 0))
      return bytes === undefined ? missing : { status: 200, json: object({ data: bytes.toString('base64') }) }
    },
  }
  return handlers
}

/** A folder's rows in pages of two, with paths from the artifact root, as Databricks gives them. */
async function listPage(storage: Storage, root: string, folder: string, token: Json | undefined): Promise<Answer> {
  const place = folder === '' ? root : `${root}/${folder}`
  const [parent, name] = [place.slice(0, place.lastIndexOf('/')), place.slice(place.lastIndexOf('/') + 1)]
  const inside = await entriesOf(storage, place)
  const all = inside.length > 0 ? inside : (await entriesOf(storage, parent)).filter((entry) => entry.name === name)
  const prefix = inside.length > 0 ? place : parent
  const rows = all.map((entry) => {
    const path = `${prefix}/${entry.name}`.slice(root.length + 1)
    return object(entry.isFolder ? { path, is_dir: true } : { path, is_dir: false, file_size: int(entry.size) })
  })
  const from = Number(token ?? 0)
  const more: Record<string, Json> = rows.length > from + 2 ? { next_page_token: String(from + 2) } : {}
  return { status: 200, json: object({ files: rows.slice(from, from + 2), ...more }) }
}

/** Answers Databricks' artifact calls for a store of bytes. */
export function startArtifactCalls(storage: Storage): ArtifactCalls {
  const log: { endpoint: string; message: JsonObject }[] = []
  const dbfs = new Map<string, Buffer>()
  const lifetimes = [3600]
  const headers: Record<string, string> = {}
  const onDbfs = dbfsCalls(dbfs)
  const sign = (path: string, may: 'read' | 'write'): JsonObject => {
    const seconds = (lifetimes.length > 1 ? lifetimes.shift() : lifetimes[0]) ?? 0
    const extra = Object.entries(headers).map(([name, value]) => object({ name, value }))
    return object({ path, signed_uri: storage.sign(path, may, seconds), type: storage.credentialType, headers: extra })
  }
  const call: StorageCall = async (method, path, message) => {
    const endpoint = `${method} ${path.replace('/api/2.0/', '')}`
    log.push({ endpoint, message })
    const [, access] = /^POST mlflow\/artifacts\/credentials-for-(read|write)$/.exec(endpoint) ?? []
    if (access === 'read' || access === 'write') {
      const root = `runs/${message.get('run_id')}`
      const infos = words(message.get('path')).map((item) => sign(`${root}/${item}`, access))
      return { status: 200, json: object({ credential_infos: infos }) }
    }
    const [, id, way] = /^POST mlflow\/logged-models\/(.*)\/artifacts\/credentials-for-(download|upload)$/.exec(endpoint) ?? []
    if (id !== undefined) {
      const sign_ = (item: string) => sign(`models/${id}/${item}`, way === 'upload' ? 'write' : 'read')
      const infos = words(message.get('paths')).map((item) => object({ model_id: id, credential_info: sign_(item) }))
      return { status: 200, json: object({ credentials: infos }) }
    }
    const [, trace, may] = /^GET mlflow\/traces\/(.*)\/credentials-for-data-(download|upload)$/.exec(endpoint) ?? []
    if (trace !== undefined) {
      const file = `traces/${trace}/${message.get('path') ?? 'traces.json'}`
      return { status: 200, json: object({ credential_info: sign(file, may === 'upload' ? 'write' : 'read') }) }
    }
    const version = `registry/${message.get('name')}/${message.get('version')}`
    if (endpoint === 'GET mlflow/model-versions/get-signed-download-uri') {
      const info = sign(`${version}/${message.get('path')}`, 'read')
      info.delete('type')
      return { status: 200, json: info }
    }
    const folder = String(message.get('path') ?? message.get('artifact_directory_path') ?? '')
    const token = message.get('page_token')
    if (endpoint === 'GET mlflow/artifacts/list') return listPage(storage, `runs/${message.get('run_id')}`, folder, token)
    if (endpoint === 'GET mlflow/model-versions/list-artifacts') return listPage(storage, version, folder, token)
    const listed = /^GET mlflow\/logged-models\/(.*)\/artifacts\/directories$/.exec(endpoint)?.[1]
    if (listed !== undefined) return listPage(storage, `models/${listed}`, folder, token)
    const handler = onDbfs[/^(?:GET|POST) dbfs\/(.*)$/.exec(endpoint)?.[1] ?? '']
    return handler?.(message) ?? { status: 404, json: object({ error_code: 'ENDPOINT_NOT_FOUND', message: endpoint }) }
  }
  return { call, log, dbfs, lifetimes, headers }
}
