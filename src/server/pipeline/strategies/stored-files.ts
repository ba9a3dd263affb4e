import type { OpenEndpoint } from '../../../policy/endpoints/endpoint.ts'
import type { Grant } from '../../../policy/grant.ts'
import { type Json, JsonNumber, type JsonObject } from '../../../policy/messages/json/json.ts'
import { printJson } from '../../../policy/messages/json/json-text.ts'
import { noMultipart, Refusal } from '../../../policy/reasons.ts'
import { asksForStore } from '../../../rewrite/answer/coverage.ts'
import { rewriteAnswer } from '../../../rewrite/answer/rewrite-answer.ts'
import { artifactRequest } from '../../../rewrite/request/artifact-request.ts'
import type { StoredFile } from '../../databricks/storage/artifact-store.ts'
import { CallFailed } from '../../databricks/storage/storage-call.ts'
import type { WorkspaceArtifacts } from '../../databricks/workspace-artifacts.ts'
import { upstreamError } from '../upstream-error.ts'
import type { GrantedRequest, Strategy } from './strategy.ts'

function sizeOf({ fileSize }: StoredFile): [string, Json][] {
  return fileSize === null ? [] : [['file_size', new JsonNumber(String(fileSize))]]
}

function rowOf(file: StoredFile): Json {
  return new Map<string, Json>([['path', file.path], ['is_dir', file.isDir], ...sizeOf(file)])
}

/** A folder as the Files API lists it, in the caller's own spelling of it. Throws for one that is not there: there are no empty ones. */
function folderOf(grant: Grant, files: readonly StoredFile[]): JsonObject {
  if (files.length === 0) throw new Refusal('not-found', `No such directory: '${artifactRequest(grant).path}'`)
  const folder = decodeURIComponent(String(grant.message.get('directory_path'))).replace(/\/$/, '')
  const contents = files.map(
    (file) =>
      new Map<string, Json>([
        ['path', `/${folder}/${file.path}`],
        ['name', file.path],
        ['is_directory', file.isDir],
        ...sizeOf(file),
      ]),
  )
  return new Map([['contents', contents]])
}

/** What Databricks said of a call that a granted request took, as the caller's error; any other error as it is. */
export function artifactError(grant: Grant, error: unknown): unknown {
  return error instanceof CallFailed ? upstreamError(grant, { status: error.status, text: printJson(error.json) }) : error
}

/** Listings and deletions of artifacts before a Databricks workspace, which serves none itself: carried out by other calls. */
export class StoredFiles implements Strategy {
  readonly #artifacts: WorkspaceArtifacts

  constructor(artifacts: WorkspaceArtifacts) {
    this.#artifacts = artifacts
  }

  serves(endpoint: OpenEndpoint): boolean {
    return endpoint.bytes === undefined && asksForStore(endpoint)
  }

  /** Throws `no-multipart` for all else: there are no uploads in parts. */
  async carryOut({ grant, requestContext: { credentials } }: GrantedRequest): Promise<JsonObject> {
    const { inStorage } = grant.endpoint
    if (inStorage === undefined) throw new Refusal('no-multipart', noMultipart)
    try {
      if (inStorage === 'delete') {
        await this.#artifacts.delete(grant, credentials)
        return new Map()
      }
      const files = await this.#artifacts.list(grant, credentials)
      const listed = inStorage === 'listFolder' ? folderOf(grant, files) : new Map([['files', files.map(rowOf)]])
      return rewriteAnswer(grant, listed)
    } catch (error) {
      throw artifactError(grant, error)
    }
  }
}
