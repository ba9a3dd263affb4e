import type { ArtifactPlace } from '../../../policy/locations/artifact-place.ts'
import type { JsonObject } from '../../../policy/messages/json/json.ts'
import { Refusal } from '../../../policy/reasons.ts'
import { SignedUrl, type StorageHosts } from './signed-url.ts'
import { askPages, askStorage, rowsOf, type StorageCall, textOf, unknownStorageAnswer } from './storage-call.ts'

/** The credential for reading or writing one file. */
export interface Credential {
  readonly url: SignedUrl
  /** The storage's API: Azure blobs, or Azure Data Lake. */
  readonly dialect: 'blob' | 'datalake' | 'other'
  /** Headers that Databricks requires, with lower-case names. */
  readonly headers: ReadonlyMap<string, string>
}

export type Access = 'read' | 'write'

const api = '/api/2.0/mlflow'
const mostPaths = 2000
const dialects: Readonly<Record<string, Credential['dialect']>> = { AZURE_SAS_URI: 'blob', AZURE_ADLS_GEN2_SAS_URI: 'datalake' }

function readCredential(info: JsonObject, hosts: StorageHosts): Credential {
  const headers = new Map<string, string>()
  for (const row of rowsOf(info, 'headers')) {
    const value = textOf(row, 'value')
    if (/^[\x20-\x7e]*$/.test(value)) headers.set(textOf(row, 'name').toLowerCase(), value)
  }
  // An omitted type is the first value of the enum.
  const type = textOf(info, 'type') || 'AZURE_SAS_URI'
  return { url: new SignedUrl(textOf(info, 'signed_uri'), hosts), dialect: dialects[type] ?? 'other', headers }
}

function infoIn(row: JsonObject): JsonObject {
  const info = row.get('credential_info')
  if (info instanceof Map) return info
  throw unknownStorageAnswer('a credential without its data')
}

async function infosOf(call: StorageCall, place: ArtifactPlace, access: Access, paths: readonly string[]): Promise<JsonObject[]> {
  const [first = ''] = paths
  if (place.kind === 'run') {
    const endpoint = `${api}/artifacts/credentials-for-${access}`
    const message = { run_id: place.runId, path: [...paths] }
    return askPages((page) => askStorage(call, 'POST', endpoint, { ...message, ...page }, first), 'credential_infos')
  }
  if (place.kind === 'loggedModel') {
    const way = access === 'read' ? 'download' : 'upload'
    const endpoint = `${api}/logged-models/${encodeURIComponent(place.modelId)}/artifacts/credentials-for-${way}`
    const message = { paths: [...paths] }
    const rows = await askPages((page) => askStorage(call, 'POST', endpoint, { ...message, ...page }, first), 'credentials')
    return rows.map(infoIn)
  }
  const infos: JsonObject[] = []
  for (const path of paths) infos.push(await infoOf(call, place, access, path))
  return infos
}

/** Locations whose files each have their own signed URL. */
async function infoOf(call: StorageCall, place: ArtifactPlace, access: Access, path: string): Promise<JsonObject> {
  if (place.kind === 'trace') {
    const way = access === 'read' ? 'download' : 'upload'
    const endpoint = `${api}/traces/${encodeURIComponent(place.traceId)}/credentials-for-data-${way}`
    return infoIn(await askStorage(call, 'GET', endpoint, path === 'traces.json' ? {} : { path }, path))
  }
  if (place.kind !== 'version' || access === 'write') throw readOnlyPlace()
  const message = { name: place.name, version: place.version, path }
  return askStorage(call, 'GET', `${api}/model-versions/get-signed-download-uri`, message, path)
}

/** The refusal of a change to a registered version's files. */
export function readOnlyPlace(): Refusal {
  return new Refusal('read-only', 'The artifacts of a registered version cannot be changed. Register a new version instead.')
}

/** Signed URLs for files of a location, in the order of the paths. */
export async function fetchCredentials(
  call: StorageCall,
  place: ArtifactPlace,
  access: Access,
  paths: readonly string[],
  hosts: StorageHosts,
): Promise<Credential[]> {
  const credentials: Credential[] = []
  for (let at = 0; at < paths.length; at += mostPaths) {
    const some = paths.slice(at, at + mostPaths)
    const infos = await infosOf(call, place, access, some)
    if (infos.length !== some.length) throw unknownStorageAnswer('another number of credentials than was asked for')
    for (const info of infos) credentials.push(readCredential(info, hosts))
  }
  return credentials
}

/** The credential of one file, fetched when it is first needed, and replaced, once for all who wait, if the storage refuses it. */
export class Lease {
  readonly #fetch: () => Promise<Credential>
  #current: Promise<Credential> | null = null

  constructor(fetch: () => Promise<Credential>) {
    this.#fetch = fetch
  }

  credential(): Promise<Credential> {
    this.#current ??= this.#fetch()
    return this.#current
  }

  /** Sends with the credential; if the storage answers 401 or 403, once more with a new one. */
  async use<A extends { readonly status: number }>(
    send: (credential: Credential) => Promise<A>,
    refused?: (answer: A) => void,
  ): Promise<A> {
    const used = this.credential()
    const answer = await send(await used)
    if (answer.status !== 401 && answer.status !== 403) return answer
    refused?.(answer)
    if (this.#current === used) this.#current = this.#fetch()
    return send(await this.credential())
  }
}
