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

/** A folder in the Files API's form, with the caller's spelling. Throws if it does not exist: there are no empty folders. */
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

/** Databricks' error for a call of a granted request, as the caller's error; any other error unchanged. */
export function artifactError(grant: Grant, error: unknown): unknown {
  return error instanceof CallFailed ? upstreamError(grant, { status: error.status, text: printJson(error.json) }) : error
}

/** Lists and deletes artifacts of a Databricks workspace, which serves none itself, with other calls. */
export class StoredFiles implements Strategy {
  readonly #artifacts: WorkspaceArtifacts

  constructor(artifacts: WorkspaceArtifacts) {
    this.#artifacts = artifacts
  }

  serves(endpoint: OpenEndpoint): boolean {
    return endpoint.bytes === undefined && asksForStore(endpoint)
  }

  /** Throws `no-multipart` for everything else: there are no multipart uploads. */
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
