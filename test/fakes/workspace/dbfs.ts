import { randomInt } from 'node:crypto'
import { type Answer, absent, denied, invalid, json, taken } from './answer.ts'
import { type Call, number, optionalText, type Routes, text } from './call.ts'
import { entriesOf, type Storage } from './storage.ts'

/** A path of DBFS as the store knows it. Managed artifacts are behind permissions: nobody reaches them by DBFS (fact 43). */
function storePath(path: string): string {
  const clean = path
    .replace(/^dbfs:/, '')
    .replaceAll(/\/+/g, '/')
    .replace(/\/$/, '')
  if (!clean.startsWith('/') && clean !== '') throw invalid(`Path must be absolute: ${path}`)
  if (clean.split('/').some((part) => part === '..' || part === '.')) throw invalid(`Invalid path: ${path}`)
  // Of the registry's folder it is not known; the stand-in takes the stricter reading ("Not verified" in the facts).
  if (/^\/databricks\/mlflow-(?:tracking|registry)(?:\/|$)/.test(clean))
    throw denied(`Access to ${clean} by DBFS is not allowed.`)
  return clean.slice(1)
}

const noFile = (path: string) => absent(`No file or directory exists on path /${path}.`)

async function statusOf(storage: Storage, path: string) {
  const parent = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : ''
  if (path === '') return { path: '/', is_dir: true, file_size: 0 }
  const siblings = parent === '' ? await storage.files(path) : await entriesOf(storage, parent)
  const name = path.slice(path.lastIndexOf('/') + 1)
  const entry = siblings.find((each) => 'name' in each && each.name === name)
  if (entry && 'name' in entry) return { path: `/${path}`, is_dir: entry.isFolder, file_size: entry.size }
  if (siblings.length > 0 && parent === '') return { path: `/${path}`, is_dir: true, file_size: 0 }
  const bytes = await storage.read(path)
  if (bytes === null) throw noFile(path)
  return { path: `/${path}`, is_dir: false, file_size: bytes.length }
}

async function readBytes(storage: Storage, path: string): Promise<Buffer> {
  const bytes = await storage.read(path)
  if (bytes === null) throw noFile(path)
  return bytes
}

/** Uploads in blocks: create gives a handle, add-block appends, close writes. */
function blockRoutes(storage: Storage): Routes {
  const open = new Map<number, { path: string; blocks: Buffer[] }>()
  const find = (call: Call) => {
    const handle = number(call.fields, 'handle', 0)
    const file = open.get(handle)
    if (file === undefined) throw absent(`No stream with handle ${handle}.`)
    return { handle, file }
  }
  return {
    'POST /api/2.0/dbfs/create': async (call) => {
      const path = storePath(text(call.fields, 'path'))
      if (call.fields.overwrite !== true && (await storage.read(path)) !== null)
        throw taken(`A file or directory already exists at the input path dbfs:/${path}.`)
      const handle = randomInt(2 ** 47)
      open.set(handle, { path, blocks: [] })
      return json({ handle })
    },
    'POST /api/2.0/dbfs/add-block': (call) => {
      find(call).file.blocks.push(Buffer.from(text(call.fields, 'data'), 'base64'))
      return json({})
    },
    'POST /api/2.0/dbfs/close': async (call) => {
      const { handle, file } = find(call)
      await storage.write(file.path, Buffer.concat(file.blocks))
      open.delete(handle)
      return json({})
    },
  }
}

/** What clients call with raw bytes (fact 43). */
function rawRoutes(storage: Storage): Routes {
  const at = (call: Call) => storePath(`/${text(call.params, 'path')}`)
  const put = async (call: Call): Promise<Answer> => {
    await storage.write(at(call), call.body)
    return json({})
  }
  return {
    'GET /dbfs/{path+}': async (call) => ({
      status: 200,
      headers: { 'content-type': 'application/octet-stream' },
      body: await readBytes(storage, at(call)),
    }),
    'POST /dbfs/{path+}': put,
    'PUT /dbfs/{path+}': put,
  }
}

/** The DBFS API (fact 57) and its raw twin: open to everybody in the workspace, as the DBFS root is. */
export function dbfsRoutes(storage: Storage): Routes {
  const base = '/api/2.0/dbfs'
  const at = (call: Call, name = 'path') => storePath(text(call.fields, name))
  const below = async (path: string) => {
    const files = await storage.files(path)
    return (await storage.read(path)) === null ? files : [...files, { path, size: 0 }]
  }
  return {
    ...blockRoutes(storage),
    ...rawRoutes(storage),
    [`POST ${base}/put`]: async (call) => {
      await storage.write(at(call), Buffer.from(optionalText(call.fields, 'contents') ?? '', 'base64'))
      return json({})
    },
    [`GET ${base}/read`]: async (call) => {
      const offset = number(call.fields, 'offset', 0)
      const bytes = (await readBytes(storage, at(call))).subarray(
        offset,
        offset + Math.min(number(call.fields, 'length', 1 << 20), 1 << 20),
      )
      return json({ bytes_read: bytes.length, data: bytes.toString('base64') })
    },
    [`GET ${base}/get-status`]: async (call) => json(await statusOf(storage, at(call))),
    [`GET ${base}/list`]: async (call) => {
      const path = at(call)
      const status = await statusOf(storage, path)
      if (!status.is_dir) return json({ files: [status] })
      const entries = await entriesOf(storage, path)
      return json({
        files: entries.map(({ name, isFolder, size }) => ({ path: `/${path}/${name}`, is_dir: isFolder, file_size: size })),
      })
    },
    [`POST ${base}/delete`]: async (call) => {
      for (const file of await below(at(call))) await storage.remove(file.path)
      return json({})
    },
    [`POST ${base}/move`]: async (call) => {
      const [from, to] = [at(call, 'source_path'), at(call, 'destination_path')]
      for (const { path } of await below(from)) {
        await storage.write(`${to}${path.slice(from.length)}`, await readBytes(storage, path))
        await storage.remove(path)
      }
      return json({})
    },
    [`POST ${base}/mkdirs`]: (call) => {
      at(call)
      return json({})
    },
  }
}
