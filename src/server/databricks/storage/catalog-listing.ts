import { text } from 'node:stream/consumers'
import { parseJson } from '../../../policy/messages/json/json-text.ts'
import type { StoredFile } from './artifact-store.ts'
import { azureHeaders } from './azure-headers.ts'
import type { CatalogLocation } from './catalog-location.ts'
import { bytesOf, rowsOf, textOf, unknownStorageAnswer } from './storage-call.ts'
import { azureCode, type OpenedFile, type StorageClient, storageRefusal } from './storage-client.ts'
import type { Credential, Lease } from './storage-credentials.ts'

interface Page {
  readonly rows: readonly StoredFile[]
  /** The continuation token; '' at the end. */
  readonly next: string
}

const mostRows = 100_000

function decodeXml(xml: string): string {
  const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }
  return xml.replace(/&(?:(lt|gt|quot|apos|amp)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));/g, (_, name, decimal, hex) =>
    name === undefined
      ? String.fromCodePoint(Number.parseInt(decimal ?? hex, decimal === undefined ? 16 : 10))
      : (named[name] ?? ''),
  )
}

/** The parts of a text between two delimiters. */
function partsBetween(text: string, open: string, close: string): string[] {
  const parts: string[] = []
  for (let start = text.indexOf(open); start !== -1; ) {
    const end = text.indexOf(close, start)
    if (end === -1) return parts
    parts.push(text.slice(start + open.length, end))
    start = text.indexOf(open, end)
  }
  return parts
}

/** One page of "List Blobs" with a delimiter. */
function readBlobPage(xml: string, prefix: string): Page {
  if (!/<EnumerationResults[\s>]/.test(xml)) throw unknownStorageAnswer('a listing of another form')
  const nameIn = (part: string) => nameBelow(decodeXml(/<Name>([^<]*)<\/Name>/.exec(part)?.[1] ?? ''), prefix)
  const folders = partsBetween(xml, '<BlobPrefix>', '</BlobPrefix>').map((part) => ({
    path: nameIn(part),
    isDir: true,
    fileSize: null,
  }))
  const files = partsBetween(xml, '<Blob>', '</Blob>').map((part) => {
    const size = /<Content-Length>([0-9]{1,15})<\/Content-Length>/.exec(part)?.[1]
    if (size === undefined) throw unknownStorageAnswer('a file without its length')
    return { path: nameIn(part), isDir: false, fileSize: Number(size) }
  })
  return { rows: [...folders, ...files], next: decodeXml(/<NextMarker>([^<]*)<\/NextMarker>/.exec(xml)?.[1] ?? '') }
}

function nameBelow(path: string, prefix: string): string {
  const name = path.slice(prefix.length).replace(/\/$/, '')
  if (!path.startsWith(prefix) || name === '' || name === '.' || name === '..' || name.includes('/')) {
    throw unknownStorageAnswer('a file that does not lie in the folder')
  }
  return name
}

/** One page of "Path - List" of Azure Data Lake, which writes numbers and booleans as text. */
function readLakePage(json: string, prefix: string, next: string): Page {
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

async function readPage(location: CatalogLocation, answer: OpenedFile, prefix: string): Promise<Page> {
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
    ? readBlobPage(said, prefix)
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
  for (let marker = ''; ; ) {
    const parameters = parametersOf(location, prefix, marker)
    const open = (credential: Credential) => ingress.open(credential, azureHeaders('read', credential.headers), parameters)
    const page = await readPage(location, await lease.use(open, ({ body }) => void body.dump().catch(() => null)), prefix)
    for (const row of page.rows) rows.push(row)
    if (page.next === '') return rows
    if (page.next === marker || rows.length > mostRows) throw unknownStorageAnswer('more rows than can be')
    marker = page.next
  }
}
