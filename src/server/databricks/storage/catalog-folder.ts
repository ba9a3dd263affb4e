import type { JsonObject } from '../../../policy/messages/json/json.ts'
import type { ByteRange, Conditions, Download, StoredFile } from './artifact-store.ts'
import { uploadBlob } from './azure-blob.ts'
import { uploadDataLakeFile } from './azure-datalake.ts'
import { listCatalogFolder } from './catalog-listing.ts'
import { type CatalogLocation, catalogCredential, readCatalogLocation } from './catalog-location.ts'
import { DefaultStorageFolder } from './default-storage.ts'
import { downloadSigned } from './signed-download.ts'
import type { StorageHosts } from './signed-url.ts'
import { absentArtifact, askStorage, type StorageCall, textOf, unknownStorageAnswer } from './storage-call.ts'
import type { StorageClient } from './storage-client.ts'
import { type Access, Lease } from './storage-credentials.ts'
import type { StorageUpload } from './storage-upload.ts'
import type { UploadMemory } from './upload-memory.ts'

const api = '/api/2.0/mlflow/unity-catalog/model-versions'
const operations = { read: 'MODEL_VERSION_OPERATION_READ', write: 'MODEL_VERSION_OPERATION_READ_WRITE' } as const

/** Shared by all folders. */
export interface FolderStorage {
  readonly ingress: StorageClient
  readonly memory: UploadMemory
  readonly hosts: StorageHosts
}

function objectOf(message: JsonObject, key: string): JsonObject {
  const value = message.get(key)
  if (value instanceof Map) return value
  throw unknownStorageAnswer(`no ${key}`)
}

/** Null for a version in Databricks' default storage, which has none. */
function readToken(answer: JsonObject): string | null {
  const credentials = objectOf(answer, 'credentials')
  if (credentials.get('storage_mode') === 'DEFAULT_STORAGE') return null
  const sas = credentials.get('azure_user_delegation_sas')
  if (!(sas instanceof Map)) throw unknownStorageAnswer('credentials for storage other than Azure')
  const token = textOf(sas, 'sas_token')
  if (!/^\??[!"$-~]+$/.test(token)) throw unknownStorageAnswer('a token of another form')
  return token
}

/** The files of one version in Unity Catalog, with credentials that the catalog issues and renews. */
export class CatalogFolder {
  readonly #call: StorageCall
  readonly #storage: FolderStorage
  readonly #id: { readonly name: string; readonly version: string }
  readonly #access: Access
  #location: Promise<CatalogLocation> | null = null
  #token: Promise<string | null> | null = null

  constructor(
    call: StorageCall,
    storage: FolderStorage,
    id: { readonly name: string; readonly version: string },
    access: Access,
  ) {
    this.#call = call
    this.#storage = storage
    this.#id = { name: id.name, version: id.version }
    this.#access = access
  }

  async list(folder: string): Promise<StoredFile[]> {
    const inDefault = await this.#defaultStorage()
    if (inDefault !== null) return inDefault.list(folder)
    return listCatalogFolder(this.#storage.ingress, await this.#locate(), this.#lease(null), folder)
  }

  async download(path: string, range?: ByteRange, conditions?: Conditions): Promise<Download> {
    if (path === '') throw absentArtifact(path)
    const inDefault = await this.#defaultStorage()
    if (inDefault !== null) return inDefault.download(path, range, conditions)
    return downloadSigned(this.#storage.ingress, this.#lease(path), path, range, conditions)
  }

  async upload(path: string, upload: StorageUpload): Promise<void> {
    const inDefault = await this.#defaultStorage()
    if (inDefault !== null) return inDefault.upload(path, upload)
    const { ingress, memory } = this.#storage
    const way = { ingress, memory, lease: this.#lease(path) }
    const { dialect } = await this.#locate()
    if (dialect === 'blob') await uploadBlob(way, upload)
    else await uploadDataLakeFile(way, upload)
  }

  /** The files of a version in Databricks' own storage; null for one in a storage account. */
  async #defaultStorage(): Promise<DefaultStorageFolder | null> {
    this.#token ??= this.#fetchToken()
    return (await this.#token) === null ? new DefaultStorageFolder(this.#call, this.#storage, this.#id) : null
  }

  #locate(): Promise<CatalogLocation> {
    this.#location ??= askStorage(this.#call, 'GET', `${api}/get`, this.#id, '').then((answer) =>
      readCatalogLocation(textOf(objectOf(answer, 'model_version'), 'storage_location')),
    )
    return this.#location
  }

  /** One token is valid for all files of the version; if it is refused, it is replaced for all later requests. */
  #lease(path: string | null): Lease {
    let used: Promise<string | null> | null = null
    return new Lease(async () => {
      if (this.#token === null || this.#token === used) this.#token = this.#fetchToken()
      used = this.#token
      // Concurrently: a promise that rejects while another is awaited would end the process.
      const [location, token] = await Promise.all([this.#locate(), used])
      if (token === null) throw unknownStorageAnswer('another kind of storage than before')
      return catalogCredential(location, path, token, this.#storage.hosts)
    })
  }

  async #fetchToken(): Promise<string | null> {
    const message = { ...this.#id, operation: operations[this.#access] }
    return readToken(await askStorage(this.#call, 'POST', `${api}/generate-temporary-credentials`, message, ''))
  }
}
