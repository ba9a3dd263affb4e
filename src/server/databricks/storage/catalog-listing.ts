import { text } from 'node:stream/consumers'
import { parseJson } from '../../../policy/messages/json/json-text.ts'
import { pagesOf } from '../../network/pages-of.ts'
import type { StoredFile } from './artifact-store.ts'
import { azureHeaders } from './azure-headers.ts'
import { type ListingPage, readBlobPage } from './blob-page.ts'
import type { CatalogLocation } from './catalog-location.ts'
import { addRows, bytesOf, rowsOf, textOf, unknownStorageAnswer } from './storage-call.ts'
import { azureCode, type OpenedFile, type StorageClient, storageRefusal } from './storage-client.ts'
import type { Credential, Lease } from './storage-credentials.ts'

function nameBelow(path: string, prefix: string): string {
  const name = path.slice(prefix.length).replace(/\/$/, '')
  if (!path.startsWith(prefix) || name === '' || name === '.' || name === '..' || name.includes('/')) {
    throw unknownStorageAnswer('a file that does not lie in the folder')
  }
  return name
}

/** One page of "Path - List" of Azure Data Lake, which writes numbers and booleans as text. */
function readLakePage(json: string, prefix: string, next: string): ListingPage {
  const parsed = parseJson(json, { maxKeys: Number.POSITIVE_INFINITY })
  if (!(parsed instanceof Map)) throw unknownStorageAnswer('a listing of another form')
  const rows = rowsOf(parsed, 'paths').map((row) => {
    const isDir = row.get('isDirectory') === true || row.get('isDirectory') === 'true'
    return { path: nameBelow(textOf(row, 'name'), prefix), isDir, fileSize: isDir ? null : bytesOf(row, 'contentLength') }
  })
  return { rows, next }
}

function parametersOf({ dialect }: CatalogLocation, prefix: string, marker: string): Record<string, string> {
  if (dialect === 'blob') {
    return { restype: 'container', comp: 'list', delimiter: '/', prefix, ...(marker === '' ? {} : { marker }) }
  }
  const continuation = marker === '' ? {} : { continuation: marker }
  return { resource: 'filesystem', recursive: 'false', directory: prefix.slice(0, -1), ...continuation }
}

async function readPage(location: CatalogLocation, answer: OpenedFile, prefix: string): Promise<ListingPage> {
  if (answer.status === 404) {
    await answer.body.dump().catch(() => null)
    return { rows: [], next: '' }
  }
  if (answer.status !== 200) {
    await answer.body.dump().catch(() => null)
    throw storageRefusal({ status: answer.status, code: azureCode(answer.headers) })
  }
  const said = await text(answer.body)
  const continuation = answer.headers['x-ms-continuation']
  return location.dialect === 'blob'
    ? readBlobPage(said, (path) => nameBelow(path, prefix))
    : readLakePage(said, prefix, typeof continuation === 'string' ? continuation : '')
}

/** The rows of a folder below a location; empty if there is no such folder. `lease` is one for the container. */
export async function listCatalogFolder(
  ingress: StorageClient,
  location: CatalogLocation,
  lease: Lease,
  folder: string,
): Promise<StoredFile[]> {
  const prefix = folder === '' ? `${location.folder}/` : `${location.folder}/${folder}/`
  const rows: StoredFile[] = []
  const ask = async (marker: string) => {
    const parameters = parametersOf(location, prefix, marker)
    const open = (credential: Credential) => ingress.open(credential, azureHeaders('read', credential.headers), parameters)
    return readPage(location, await lease.use(open, ({ body }) => void body.dump().catch(() => null)), prefix)
  }
  for await (const page of pagesOf(ask, ({ next }) => next)) {
    addRows(rows, page.rows)
  }
  return rows
}
