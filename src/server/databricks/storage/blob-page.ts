import sax from 'sax'
import type { StoredFile } from './artifact-store.ts'
import { unknownStorageAnswer } from './storage-call.ts'

/** A page of a folder's content. */
export interface ListingPage {
  readonly rows: readonly StoredFile[]
  /** The continuation token; '' at the end. */
  readonly next: string
}

/** XML has five entities of its own, and HTML's are none of them. */
const options = { trim: false, strictEntities: true }

/** Calls back at the start and at the end of every element: with its path, such as `EnumerationResults/NextMarker`, and the text that stands in it. */
function readXml(xml: string, begin: (path: string) => void, end: (path: string, text: string) => void): void {
  const parser = sax.parser(true, options)
  const open: string[] = []
  let text = ''
  parser.onopentag = ({ name }) => {
    open.push(name)
    text = ''
    begin(open.join('/'))
  }
  parser.ontext = (part) => {
    text += part
  }
  parser.onclosetag = () => {
    end(open.join('/'), text)
    open.pop()
  }
  // It would go on, and read what nobody wrote.
  parser.onerror = () => {
    throw unknownStorageAnswer('a listing that is not XML')
  }
  parser.write(xml).close()
}

/** Where "List Blobs" has the parts of its answer. */
const [root, prefixes, blobs] = ['EnumerationResults', 'EnumerationResults/Blobs/BlobPrefix', 'EnumerationResults/Blobs/Blob']

/** Reads one page of "List Blobs" with a delimiter. `nameOf` tells a file or folder by its path in the container. Throws `unknown-answer` for anything else. */
export function readBlobPage(xml: string, nameOf: (path: string) => string): ListingPage {
  const rows: { path: string | null; readonly isDir: boolean; fileSize: number | null }[] = []
  let isListing = false
  let next = ''
  const begin = (path: string) => {
    isListing ||= path === root
    if (path === prefixes || path === blobs) rows.push({ path: null, isDir: path === prefixes, fileSize: null })
  }
  const end = (path: string, text: string) => {
    const row = rows.at(-1)
    if (path === `${root}/NextMarker`) next = text
    else if (row === undefined) return
    else if (path === `${prefixes}/Name` || path === `${blobs}/Name`) row.path = nameOf(text)
    else if (path === `${blobs}/Properties/Content-Length` && /^[0-9]{1,15}$/.test(text)) row.fileSize = Number(text)
  }
  readXml(xml, begin, end)
  if (!isListing) throw unknownStorageAnswer('a listing of another form')
  const named = rows.map(({ path, isDir, fileSize }) => {
    if (path === null) throw unknownStorageAnswer('a file without a name')
    if (!isDir && fileSize === null) throw unknownStorageAnswer('a file without its length')
    return { path, isDir, fileSize }
  })
  const [folders, files] = [named.filter(({ isDir }) => isDir), named.filter(({ isDir }) => !isDir)]
  return { rows: [...folders, ...files], next }
}
