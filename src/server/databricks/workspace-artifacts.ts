import type { OpenEndpoint } from '../../policy/endpoints/endpoint.ts'
import type { Grant } from '../../policy/grant.ts'
import { encodeBody, encodeQuery } from '../../policy/messages/encode.ts'
import { type Json, JsonNumber, type JsonObject } from '../../policy/messages/json/json.ts'
import { parseIfJson, printJson } from '../../policy/messages/json/json-text.ts'
import { noMultipart, Refusal } from '../../policy/reasons.ts'
import { asksForStore } from '../../rewrite/answer/coverage.ts'
import { rewriteAnswer } from '../../rewrite/answer/rewrite-answer.ts'
import {
  type ArtifactRequest,
  artifactRequest,
  newVersionRequest,
  sourceRequest,
} from '../../rewrite/request/artifact-request.ts'
import type { UpstreamError } from '../http/failure.ts'
import { ForcedCollection } from '../limits/forced-collection.ts'
import type { GrantedRequest, Strategy } from '../pipeline/strategies/strategy.ts'
import { upstreamError } from '../pipeline/upstream-error.ts'
import { Throttled } from '../upstream/throttled.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { CallerCredentials } from '../upstream/upstream-credentials.ts'
import type { ByteRange, Conditions, Download, StoredFile } from './storage/artifact-store.ts'
import { CatalogFolder } from './storage/catalog-folder.ts'
import { type AzureStorage, DatabricksArtifactStore } from './storage/databricks-store.ts'
import { CallFailed, type StorageCall } from './storage/storage-call.ts'

function rowOf({ path, isDir, fileSize }: StoredFile): Json {
  const size: [string, Json][] = fileSize === null ? [] : [['file_size', new JsonNumber(String(fileSize))]]
  return new Map<string, Json>([['path', path], ['is_dir', isDir], ...size])
}

/** A folder as the Files API lists it, in the caller's own spelling of it. Throws for one that is not there: there are no empty ones. */
function folderOf({ message }: Grant, { path }: ArtifactRequest, files: readonly StoredFile[]): JsonObject {
  if (files.length === 0) throw new Refusal('not-found', `No such directory: '${path}'`)
  const folder = decodeURIComponent(String(message.get('directory_path'))).replace(/\/$/, '')
  const contents = files.map((file) => {
    const size: [string, Json][] = file.fileSize === null ? [] : [['file_size', new JsonNumber(String(file.fileSize))]]
    return new Map<string, Json>([
      ['path', `/${folder}/${file.path}`],
      ['name', file.path],
      ['is_directory', file.isDir],
      ...size,
    ])
  })
  return new Map([['contents', contents]])
}

/** What Databricks said of a call that a granted request took, as the caller's error; any other error as it is. */
export function artifactError(grant: Grant, error: unknown): UpstreamError | unknown {
  return error instanceof CallFailed ? upstreamError(grant, { status: error.status, text: printJson(error.json) }) : error
}

/** What is uploaded. */
export interface Sending {
  readonly body: AsyncIterable<Uint8Array>
  /** As it was announced, or null. */
  readonly length: number | null
  /** Looks whether it is still allowed, when storage is about to be told that it is whole. */
  readonly lastLook: () => Promise<void>
}

/** The files of a place, by their paths in it. */
export interface SourceFiles {
  list(folder: string): Promise<StoredFile[]>
  download(path: string): Promise<Download>
}

/** Artifacts of a Databricks workspace, which serves none itself: granted requests for them, carried out by other calls. */
export class WorkspaceArtifacts implements Strategy {
  readonly #upstream: Upstream
  readonly #storage: AzureStorage
  readonly #memory = new ForcedCollection()

  constructor(upstream: Upstream, storage: AzureStorage) {
    this.#upstream = upstream
    this.#storage = storage
  }

  serves(endpoint: OpenEndpoint): boolean {
    return endpoint.bytes === undefined && asksForStore(endpoint)
  }

  /** Carries out a request that has no bytes: a listing, a deletion. There are no uploads in parts. */
  async carryOut({ grant, requestContext }: GrantedRequest): Promise<JsonObject> {
    const { inStorage } = grant.endpoint
    if (inStorage === undefined) throw new Refusal('no-multipart', noMultipart)
    try {
      const { store, request } = this.#open(grant, requestContext.credentials)
      if (inStorage === 'delete') {
        await store.delete(request.place, request.path)
        return new Map()
      }
      const files = await store.list(request.place, request.path)
      const listed = inStorage === 'listFolder' ? folderOf(grant, request, files) : new Map([['files', files.map(rowOf)]])
      return rewriteAnswer(grant, listed)
    } catch (error) {
      throw artifactError(grant, error)
    }
  }

  /** Throws CallFailed for what Databricks refuses; all else is a Refusal. */
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
  async upload(grant: Grant, caller: CallerCredentials, { body, length, lastLook }: Sending): Promise<void> {
    const { store, request } = this.#open(grant, caller)
    const end = this.#memory.begin()
    await store.upload(request.place, request.path, body, length, lastLook).finally(end)
  }

  /** What a granted registration is made of. */
  sourceOf(grant: Grant, caller: CallerCredentials): SourceFiles {
    const request = sourceRequest(grant)
    const store = new DatabricksArtifactStore(this.#callFor(request, caller), this.#storage)
    const inside = (path: string) => [request.path, path].filter((part) => part !== '').join('/')
    return {
      list: (folder) => store.list(request.place, inside(folder)),
      download: (path) => store.download(request.place, inside(path)),
    }
  }

  /** The files of the version that a granted registration has made in Unity Catalog, to be written. */
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
