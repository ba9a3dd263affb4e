import type { Grant } from '../../policy/grant.ts'
import { encodeBody, encodeQuery } from '../../policy/messages/encode.ts'
import { parseIfJson } from '../../policy/messages/json/json-text.ts'
import {
  type ArtifactRequest,
  artifactRequest,
  newVersionRequest,
  sourceRequest,
} from '../../rewrite/request/artifact-request.ts'
import { ForcedCollection } from '../limits/forced-collection.ts'
import { Throttled } from '../upstream/throttled.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { CallerCredentials } from '../upstream/upstream-credentials.ts'
import type { ByteRange, Conditions, Download, StoredFile } from './storage/artifact-store.ts'
import { CatalogFolder } from './storage/catalog-folder.ts'
import { type AzureStorage, DatabricksArtifactStore } from './storage/databricks-store.ts'
import type { StorageCall } from './storage/storage-call.ts'
import type { StorageUpload } from './storage/storage-upload.ts'

/** The files of a location, by their relative paths. */
export interface SourceFiles {
  list(folder: string): Promise<StoredFile[]>
  download(path: string): Promise<Download>
}

/** Artifacts of a Databricks workspace, which serves none itself: granted requests are carried out with other calls. */
export class WorkspaceArtifacts {
  readonly #upstream: Upstream
  readonly #storage: AzureStorage
  readonly #memory = new ForcedCollection()

  constructor(upstream: Upstream, storage: AzureStorage) {
    this.#upstream = upstream
    this.#storage = storage
  }

  /** The files and subfolders of a folder. Throws as `download`. */
  list(grant: Grant, caller: CallerCredentials): Promise<StoredFile[]> {
    const { store, request } = this.#open(grant, caller)
    return store.list(request.place, request.path)
  }

  /** Throws as `download`. */
  async delete(grant: Grant, caller: CallerCredentials): Promise<void> {
    const { store, request } = this.#open(grant, caller)
    await store.delete(request.place, request.path)
  }

  /** Throws CallFailed if Databricks refuses; everything else is a Refusal. */
  async download(grant: Grant, caller: CallerCredentials, range?: ByteRange, conditions?: Conditions): Promise<Download> {
    const { store, request } = this.#open(grant, caller)
    const end = this.#memory.begin()
    try {
      const download = await store.download(request.place, request.path, range, conditions)
      download.stream.once('close', end)
      return download
    } catch (error) {
      end()
      throw error
    }
  }

  /** Throws as `download`. */
  async upload(grant: Grant, caller: CallerCredentials, { body, length, lastLook }: StorageUpload): Promise<void> {
    const { store, request } = this.#open(grant, caller)
    const end = this.#memory.begin()
    await store.upload(request.place, request.path, body, length, lastLook).finally(end)
  }

  /** The source files of a granted registration. */
  sourceOf(grant: Grant, caller: CallerCredentials): SourceFiles {
    const request = sourceRequest(grant)
    const store = new DatabricksArtifactStore(this.#callFor(request, caller), this.#storage)
    const inside = (path: string) => [request.path, path].filter((part) => part !== '').join('/')
    return {
      list: (folder) => store.list(request.place, inside(folder)),
      download: (path) => store.download(request.place, inside(path)),
    }
  }

  /** The files of the version that a granted registration has created in Unity Catalog, for writing. */
  newVersion(grant: Grant, version: string, caller: CallerCredentials): CatalogFolder {
    const request = newVersionRequest(grant, version)
    const { place } = request
    if (place.kind !== 'version') throw new TypeError('a new version has files of its own only')
    return new CatalogFolder(this.#callFor(request, caller), this.#storage, place, 'write')
  }

  #open(grant: Grant, caller: CallerCredentials) {
    const request = artifactRequest(grant)
    return { request, store: new DatabricksArtifactStore(this.#callFor(request, caller), this.#storage) }
  }

  #callFor(request: ArtifactRequest, caller: CallerCredentials): StorageCall {
    return async (method, path, message) => {
      const query = method === 'GET' ? encodeQuery(message) : ''
      const body = method === 'GET' ? null : encodeBody(message)
      const call = { method, target: query === '' ? path : `${path}?${query}`, body }
      const { status, text, retryAfter } = await this.#upstream.askForArtifact(request, call, caller)
      if (status === 429) throw new Throttled(retryAfter ?? 1)
      return { status, json: parseIfJson(text, { maxKeys: Number.POSITIVE_INFINITY }) ?? null }
    }
  }
}
