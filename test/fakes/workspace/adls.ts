import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { listen } from '../../harness/listen.ts'
import type { Storage } from './storage.ts'

const account = 'workspacelake'
const filesystem = 'root'

/** A file of the lake: what was appended counts only once it is flushed. */
interface LakeFile {
  flushed: Buffer
  appended: Map<number, Buffer>
}

class LakeError extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

function makeSigner() {
  const key = randomBytes(32)
  const sign = (path: string, permissions: string, expiry: string, resource: string) =>
    createHmac('sha256', key)
      .update([permissions, expiry, `/blob/${account}/${filesystem}/${path}`, resource].join('\n'))
      .digest('base64')
  return {
    query(path: string, permissions: string, seconds: number, resource: 'b' | 'd') {
      const expiry = new Date(Date.now() + seconds * 1000).toISOString()
      const sig = sign(path, permissions, expiry, resource)
      return new URLSearchParams({ sv: '2021-12-02', se: expiry, sr: resource, sp: permissions, sig }).toString()
    },
    /** Throws 403 as Azure does for a signature that is not this store's, that is too old, or that gives another permission. */
    check(path: string, query: URLSearchParams, needed: string) {
      const [permissions, expiry, resource] = ['sp', 'se', 'sr'].map((name) => query.get(name) ?? '')
      const given = Buffer.from(query.get('sig') ?? '')
      const folders = path.split('/').map((_, index, all) => all.slice(0, index + 1).join('/'))
      const fits = (place: string) => {
        const right = Buffer.from(sign(place, permissions ?? '', expiry ?? '', resource ?? ''))
        return right.length === given.length && timingSafeEqual(right, given)
      }
      const isGood = (resource === 'd' ? folders : [path]).some(fits)
      if (!isGood || !(Date.parse(expiry ?? '') > Date.now())) {
        throw new LakeError(403, 'AuthenticationFailed', 'Server failed to authenticate the request.')
      }
      if (!permissions?.includes(needed)) {
        throw new LakeError(403, 'AuthorizationPermissionMismatch', 'This request is not authorized to perform this operation.')
      }
    },
  }
}

const missing = () => new LakeError(404, 'PathNotFound', 'The specified path does not exist.')

function flush(file: LakeFile, position: number) {
  let end = file.flushed.length
  const parts = [file.flushed]
  for (let next = file.appended.get(end); next !== undefined; next = file.appended.get(end)) {
    parts.push(next)
    end += next.length
  }
  if (end !== position) throw new LakeError(400, 'InvalidFlushPosition', 'The uploaded data is not contiguous.')
  file.flushed = Buffer.concat(parts)
  file.appended.clear()
}

/** "Path - Update" of Azure Data Lake Storage Gen2: append and flush (fact 51). */
function update(file: LakeFile, query: URLSearchParams, body: Buffer): number {
  const position = Number(query.get('position') ?? Number.NaN)
  if (!Number.isSafeInteger(position)) throw new LakeError(400, 'InvalidQueryParameterValue', 'position is not a number.')
  if (query.get('action') === 'flush') {
    flush(file, position)
    return 200
  }
  if (query.get('action') !== 'append') throw new LakeError(400, 'InvalidQueryParameterValue', 'action is not supported.')
  if (body.length === 0) throw new LakeError(400, 'InvalidHeaderValue', 'Content-Length must be greater than 0.')
  file.appended.set(position, body)
  if (query.get('flush') === 'true') flush(file, position + body.length)
  return 202
}

function read(
  { flushed }: LakeFile,
  range: string | undefined,
): { status: number; body: Buffer; headers: Record<string, string> } {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? []
  if (from === undefined) return { status: 200, body: flushed, headers: {} }
  const start = Number(from)
  if (start >= flushed.length) throw new LakeError(416, 'InvalidRange', 'The range is not valid.')
  const end = Math.min(to ? Number(to) : flushed.length - 1, flushed.length - 1)
  const headers = { 'content-range': `bytes ${start}-${end}/${flushed.length}` }
  return { status: 206, body: flushed.subarray(start, end + 1), headers }
}

/** "Path - List" of one folder, two entries a page, so that whoever reads it has to go on [docs.microsoft.com, Data Lake Storage REST]. */
function list(query: URLSearchParams, files: Map<string, LakeFile>, signer: ReturnType<typeof makeSigner>) {
  const folder = query.get('directory') ?? ''
  signer.check(`${folder}/-`, query, 'l')
  const below = [...files].filter(([path]) => path.startsWith(`${folder}/`))
  if (below.length === 0) throw missing()
  const entries = new Map<string, object>()
  for (const [path, { flushed }] of below) {
    const [name = '', ...rest] = path.slice(folder.length + 1).split('/')
    const entry = rest.length > 0 ? { isDirectory: 'true' } : { contentLength: String(flushed.length) }
    entries.set(name, { name: `${folder}/${name}`, ...entry })
  }
  const rows = [...entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry)
  const start = Number(query.get('continuation') ?? 0)
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  if (start + 2 < rows.length) headers['x-ms-continuation'] = String(start + 2)
  return { status: 200, body: Buffer.from(JSON.stringify({ paths: rows.slice(start, start + 2) })), headers }
}

async function answer(request: IncomingMessage, files: Map<string, LakeFile>, signer: ReturnType<typeof makeSigner>) {
  const url = new URL(request.url ?? '/', 'http://lake')
  const path = decodeURIComponent(url.pathname).replace(`/${account}/${filesystem}/`, '')
  const body = await buffer(request)
  const file = files.get(path)
  if (request.method === 'GET' && url.searchParams.get('resource') === 'filesystem') return list(url.searchParams, files, signer)
  if (request.method === 'PUT' && url.searchParams.get('resource') === 'file') {
    signer.check(path, url.searchParams, 'c')
    files.set(path, { flushed: Buffer.alloc(0), appended: new Map() })
    return { status: 201, body: Buffer.alloc(0), headers: {} }
  }
  signer.check(path, url.searchParams, request.method === 'PATCH' ? 'w' : 'r')
  if (file === undefined) throw missing()
  if (request.method === 'PATCH') return { status: update(file, url.searchParams, body), body: Buffer.alloc(0), headers: {} }
  if (request.method === 'GET' || request.method === 'HEAD') return read(file, request.headers.range)
  throw new LakeError(405, 'UnsupportedHttpVerb', 'The resource does not support the specified HTTP verb.')
}

function give(response: ServerResponse, { status, body, headers }: Awaited<ReturnType<typeof answer>>) {
  response.writeHead(status, { 'x-ms-version': '2021-12-02', 'content-length': body.length, ...headers }).end(body)
}

/** Starts a small Azure Data Lake Storage Gen2: create, append, flush and read of files, by signed URLs alone. */
export async function startAdls(): Promise<Storage> {
  const files = new Map<string, LakeFile>()
  const signer = makeSigner()
  const server = createServer((request, response) => {
    answer(request, files, signer).then(
      (good) => give(response, good),
      (error) => {
        const { status, code } = error instanceof LakeError ? error : { status: 500, code: 'InternalError' }
        const body = Buffer.from(JSON.stringify({ error: { code, message: String(error.message) } }))
        give(response, { status, body, headers: { 'content-type': 'application/json', 'x-ms-error-code': code } })
      },
    )
  })
  const port = await listen(server)
  const root = `http://127.0.0.1:${port}/${account}/${filesystem}`
  return {
    credentialType: 'AZURE_ADLS_GEN2_SAS_URI',
    sign: (path, may, seconds) =>
      `${root}/${path.split('/').map(encodeURIComponent).join('/')}?${signer.query(path, may === 'read' ? 'r' : 'cw', seconds, 'b')}`,
    signFolder: (folder, may, seconds) => signer.query(folder, may === 'read' ? 'rl' : 'rcwl', seconds, 'd'),
    // An emulator has no host for each account.
    locationOf: (folder) => `abfss://${filesystem}@${account}.dfs.127.0.0.1:${port}/${folder}`,
    files: async (folder) =>
      [...files].filter(([path]) => path.startsWith(`${folder}/`)).map(([path, { flushed }]) => ({ path, size: flushed.length })),
    read: async (path) => files.get(path)?.flushed ?? null,
    write: async (path, bytes) => void files.set(path, { flushed: Buffer.from(bytes), appended: new Map() }),
    remove: async (path) => void files.delete(path),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
