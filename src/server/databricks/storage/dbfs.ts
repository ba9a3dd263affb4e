import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { type Json, JsonNumber } from '../../../policy/messages/json/json.ts'
import { Refusal } from '../../../policy/reasons.ts'
import { OutsideRange } from '../../http/unmet.ts'
import type { ByteRange, Download } from './artifact-store.ts'
import { absentArtifact, askStorage, bytesOf, type StorageCall, textOf, unknownStorageAnswer } from './storage-call.ts'
import type { StorageUpload } from './storage-upload.ts'
import { UploadMemory } from './upload-memory.ts'
import { sendParts } from './upload-parts.ts'

const api = '/api/2.0/dbfs'
/** Bytes per call: DBFS transfers at most 1 MB at once, and Base64 is a third longer. */
const blockBytes = 720_000
const blocks = { partBytes: blockBytes, parallel: 1, sharedParts: 0, ownBytes: blockBytes }

async function* readBlocks(call: StorageCall, path: string, from: number, to: number): AsyncGenerator<Buffer> {
  for (let offset = from; offset < to; ) {
    const length = Math.min(blockBytes, to - offset)
    const message = { path: `/${path}`, offset: new JsonNumber(String(offset)), length: new JsonNumber(String(length)) }
    const answer = await askStorage(call, 'GET', `${api}/read`, message, path)
    const bytes = Buffer.from(textOf(answer, 'data'), 'base64')
    if (bytes.length === 0 || bytes.length > length) throw unknownStorageAnswer('a file that changed while it was read')
    offset += bytes.length
    yield bytes
  }
}

/** Reads a file from DBFS, one call after the other. */
export async function downloadDbfs(call: StorageCall, path: string, range?: ByteRange): Promise<Download> {
  const status = await askStorage(call, 'GET', `${api}/get-status`, { path: `/${path}` }, path)
  if (status.get('is_dir') === true) throw absentArtifact(path)
  const size = bytesOf(status, 'file_size')
  const first = range?.start ?? 0
  const start = first < 0 ? Math.max(0, size + first) : first
  const end = Math.min(range?.end ?? size - 1, size - 1)
  if (range !== undefined && (start > end || start >= size)) {
    throw new OutsideRange(size)
  }
  return {
    stream: Readable.from(readBlocks(call, path, start, end + 1), { objectMode: false }),
    length: end + 1 - start,
    contentRange: range === undefined ? null : `bytes ${start}-${end}/${size}`,
  }
}

/** Deletes a file of DBFS, or an empty folder. */
export async function deleteDbfs(call: StorageCall, path: string): Promise<void> {
  await askStorage(call, 'POST', `${api}/delete`, { path: `/${path}`, recursive: false }, path)
}

/** DBFS does not move a file to an existing name, and the name is free for a moment between the two calls. */
async function replaceFile(call: StorageCall, from: string, path: string): Promise<void> {
  await deleteDbfs(call, path).catch((error: unknown) => {
    if (!(error instanceof Refusal && error.reason === 'not-found')) throw error
  })
  await askStorage(call, 'POST', `${api}/move`, { source_path: `/${from}`, destination_path: `/${path}` }, path)
}

/** Stores a body as a file in DBFS: under a temporary name first, so that an incomplete file never has the final name. */
export async function uploadDbfs(call: StorageCall, path: string, { body, length, lastLook }: StorageUpload): Promise<void> {
  const folder = path.split('/').slice(0, -1)
  const unfinished = [...folder, `.${randomBytes(12).toString('hex')}.unfinished`].join('/')
  const post = (endpoint: string, message: Readonly<Record<string, Json>>) =>
    askStorage(call, 'POST', `${api}/${endpoint}`, message, path)
  let handle: Json | null = null
  try {
    if (folder.length > 0) await post('mkdirs', { path: `/${folder.join('/')}` })
    handle = (await post('create', { path: `/${unfinished}`, overwrite: true })).get('handle') ?? null
    if (handle === null) throw unknownStorageAnswer('no handle')
    const open = handle
    await sendParts(body, length, new UploadMemory(blocks), async ({ bytes }) => {
      await post('add-block', { handle: open, data: Buffer.from(bytes).toString('base64') })
    })
    await post('close', { handle })
    await lastLook()
    await replaceFile(call, unfinished, path)
  } catch (error) {
    if (handle !== null) {
      await post('close', { handle }).catch(() => null)
      await deleteDbfs(call, unfinished).catch(() => null)
    }
    throw error
  }
}
