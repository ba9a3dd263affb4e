import type { ArtifactPlace } from '../../../policy/locations/artifact-place.ts'
import { Refusal } from '../../../policy/reasons.ts'
import type { Outbound } from '../../config/proxy-settings.ts'
import type { ByteRange, Conditions, Download, StoredFile } from './artifact-store.ts'
import { uploadBlob } from './azure-blob.ts'
import { uploadDataLakeFile } from './azure-datalake.ts'
import { CatalogFolder } from './catalog-folder.ts'
import { deleteDbfs, downloadDbfs, uploadDbfs } from './dbfs.ts'
import { listFolder } from './folder-listing.ts'
import { downloadSigned } from './signed-download.ts'
import type { StorageHosts } from './signed-url.ts'
import { absentArtifact, type StorageCall, unknownStorageAnswer } from './storage-call.ts'
import { StorageClient } from './storage-client.ts'
import { type Access, type Credential, fetchCredentials, Lease, readOnlyPlace } from './storage-credentials.ts'
import type { StorageUpload } from './storage-upload.ts'
import { defaultUploadLimits, type UploadLimits, UploadMemory } from './upload-memory.ts'

/** Shared by all callers: connections to storage, memory for uploads, and the trusted hosts. Created once. */
export class AzureStorage {
  readonly ingress: StorageClient
  readonly memory: UploadMemory
  readonly hosts: StorageHosts
  /** Versions are registered in Unity Catalog. */
  readonly inCatalog: boolean

  /** `hosts`: storage in addition to Azure's own, as `host` or `host:port` in lower case; plain http only for loopback. */
  constructor(hosts: Iterable<string> = [], limits: UploadLimits = defaultUploadLimits, inCatalog = false, outbound?: Outbound) {
    this.inCatalog = inCatalog
    this.ingress = new StorageClient(undefined, outbound)
    this.memory = new UploadMemory(limits)
    this.hosts = new Set(hosts)
  }

  async close(): Promise<void> {
    await this.ingress.close()
  }
}

function checkPath(path: string): void {
  if (/(?:^|\/)\.{0,2}(?:\/|$)|[\p{Cc}\\]/u.test(path)) {
    throw new Refusal('invalid-parameter', 'Invalid path: it has an empty or dot segment, a control character or a backslash.')
  }
}

/**
 * The artifacts of a Databricks workspace, as one caller may use them: `call` sends requests with that caller's credentials.
 * Paths are relative to the location's root, decoded, without dot or empty segments.
 * All methods throw a Refusal, or CallFailed if Databricks itself refused.
 */
export class DatabricksArtifactStore {
  readonly #call: StorageCall
  readonly #storage: AzureStorage

  constructor(call: StorageCall, storage: AzureStorage) {
    this.#call = call
    this.#storage = storage
  }

  /** The rows of a folder; none for a file. */
  async list(place: ArtifactPlace, folder: string): Promise<StoredFile[]> {
    if (folder !== '') checkPath(folder)
    const catalogFolder = this.#catalogFolder(place)
    if (catalogFolder !== null) return catalogFolder.list(folder)
    return listFolder(this.#call, place, folder)
  }

  /** Throws Unchanged, OutsideRange. */
  async download(place: ArtifactPlace, path: string, range?: ByteRange, conditions?: Conditions): Promise<Download> {
    if (path === '') throw absentArtifact(path)
    checkPath(path)
    if (place.kind === 'dbfs') return downloadDbfs(this.#call, path, conditions?.['if-range'] === undefined ? range : undefined)
    const catalogFolder = this.#catalogFolder(place)
    if (catalogFolder !== null) return catalogFolder.download(path, range, conditions)
    return downloadSigned(this.#storage.ingress, this.#lease(place, 'read', path), path, range, conditions)
  }

  /**
   * Stores the whole body under the path, or nothing. `length` is the announced length, or null. `lastLook` is called before
   * existing data changes, and again before a retry; if it rejects, nothing is changed.
   */
  async upload(
    place: ArtifactPlace,
    path: string,
    body: AsyncIterable<Uint8Array>,
    length: number | null,
    lastLook = async () => {},
  ): Promise<void> {
    checkPath(path)
    const upload = { body, length, lastLook }
    if (place.kind === 'dbfs') return uploadDbfs(this.#call, path, upload)
    const catalogFolder = this.#catalogFolder(place, 'write')
    if (catalogFolder !== null) return catalogFolder.upload(path, upload)
    return this.#uploadSigned(place, path, upload)
  }

  async delete(place: ArtifactPlace, path: string): Promise<void> {
    checkPath(path)
    if (place.kind === 'version') throw readOnlyPlace()
    if (place.kind === 'dbfs') return deleteDbfs(this.#call, path)
    throw new Refusal('read-only', 'Databricks cannot delete single artifacts. Delete the run or the logged model instead.')
  }

  async #uploadSigned(place: ArtifactPlace, path: string, upload: StorageUpload): Promise<void> {
    const lease = this.#lease(place, 'write', path)
    const { dialect } = await lease.credential()
    const { ingress, memory } = this.#storage
    if (dialect === 'blob') return uploadBlob({ ingress, lease, memory }, upload)
    if (dialect === 'datalake') return uploadDataLakeFile({ ingress, lease, memory }, upload)
    throw unknownStorageAnswer('a kind of storage other than Azure')
  }

  /** The folder of a version's files in Unity Catalog; null for other locations. */
  #catalogFolder(place: ArtifactPlace, access: Access = 'read'): CatalogFolder | null {
    const inCatalog = place.kind === 'version' && this.#storage.inCatalog
    return inCatalog ? new CatalogFolder(this.#call, this.#storage, place, access) : null
  }

  #lease(place: ArtifactPlace, access: Access, path: string): Lease {
    return new Lease(async (): Promise<Credential> => {
      const [credential] = await fetchCredentials(this.#call, place, access, [path], this.#storage.hosts)
      if (credential === undefined) throw unknownStorageAnswer('no credential')
      return credential
    })
  }
}
