import { Refusal } from '../../../policy/reasons.ts'
import type { ByteRange, Conditions, Download, StoredFile } from './artifact-store.ts'
import { downloadSigned } from './signed-download.ts'
import { SignedUrl, type StorageHosts } from './signed-url.ts'
import {
  askPages,
  askStorage,
  bytesOf,
  CallFailed,
  rowsOf,
  type StorageCall,
  textOf,
  unknownStorageAnswer,
} from './storage-call.ts'
import { type StorageClient, storageRefusal } from './storage-client.ts'
import { type Access, type Credential, Lease } from './storage-credentials.ts'
import type { StorageUpload } from './storage-upload.ts'

const api = '/api/2.0/fs'
const signing = { read: `${api}/create-download-url`, write: `${api}/create-upload-url` } as const
/** Headers for a signed URL: those that tell the storage how to store the file, and none about the request. */
const ofStorage = /^(?:x-(?:ms|amz|goog)-[a-z0-9-]{1,64}|content-type)$/

/** The body; its last piece waits for the final check, and until it arrives the storage keeps nothing of a file. */
async function* untilLastLook({ body, lastLook }: StorageUpload): AsyncGenerator<Uint8Array> {
  let held: Uint8Array | null = null
  for await (const chunk of body) {
    if (held !== null) yield held
    held = chunk
  }
  await lastLook()
  if (held !== null) yield held
}

/**
 * The files of one version in a catalog with Databricks' own storage (`DEFAULT_STORAGE`): there is no token for its folder, but a
 * signed URL for each file, from the Files API (mlflow/store/artifact/presigned_url_artifact_repo.py).
 */
export class DefaultStorageFolder {
  readonly #call: StorageCall
  readonly #ingress: StorageClient
  readonly #hosts: StorageHosts
  readonly #root: string

  constructor(
    call: StorageCall,
    { ingress, hosts }: { readonly ingress: StorageClient; readonly hosts: StorageHosts },
    { name, version }: { readonly name: string; readonly version: string },
  ) {
    this.#call = call
    this.#ingress = ingress
    this.#hosts = hosts
    this.#root = `Models/${name.replaceAll('.', '/')}/${version}`
  }

  /** The rows of a folder; empty if there is no such folder. */
  async list(folder: string): Promise<StoredFile[]> {
    const path = folder === '' ? this.#root : `${this.#root}/${folder}`
    const endpoint = `${api}/directories/${path.split('/').map(encodeURIComponent).join('/')}`
    try {
      const rows = await askPages((page) => askStorage(this.#call, 'GET', endpoint, { ...page }, folder), 'contents')
      return rows.map((row) => {
        const name = textOf(row, 'path').split('/').at(-1) ?? ''
        if (name === '' || name === '.' || name === '..') throw unknownStorageAnswer('a file without a name')
        const isDir = row.get('is_directory') === true
        return { path: name, isDir, fileSize: isDir ? null : bytesOf(row, 'file_size') }
      })
    } catch (error) {
      if (error instanceof Refusal && error.reason === 'not-found') return []
      if (error instanceof CallFailed && error.status === 404) return []
      throw error
    }
  }

  async download(path: string, range?: ByteRange, conditions?: Conditions): Promise<Download> {
    return downloadSigned(this.#ingress, new Lease(() => this.#sign('read', path)), path, range, conditions)
  }

  /** Sends a file as it arrives, once: it is stored completely or not at all. */
  async upload(path: string, upload: StorageUpload): Promise<void> {
    const { length } = upload
    if (length === null) {
      throw new Refusal('invalid-parameter', "Databricks' default storage needs the length of a file. Send Content-Length.")
    }
    const credential = await this.#sign('write', path)
    const headers = { ...Object.fromEntries(credential.headers), 'content-length': String(length) }
    const reply = await this.#ingress.stream({ credential, headers, body: untilLastLook(upload) })
    if (reply.status < 200 || reply.status > 204) throw storageRefusal(reply)
  }

  async #sign(access: Access, path: string): Promise<Credential> {
    const answer = await askStorage(this.#call, 'POST', signing[access], { path: `/${this.#root}/${path}` }, path)
    const rows = rowsOf(answer, 'headers').map((row) => [textOf(row, 'name').toLowerCase(), textOf(row, 'value')] as const)
    const headers = rows.filter(([name, value]) => ofStorage.test(name) && /^[\x20-\x7e]*$/.test(value))
    return { url: new SignedUrl(textOf(answer, 'url'), this.#hosts), dialect: 'other', headers: new Map(headers) }
  }
}
