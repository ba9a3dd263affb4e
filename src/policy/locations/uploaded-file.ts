import { Refusal } from '../reasons.ts'
import { canonicalPath, decodePath } from './store-path.ts'

function lastPart(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
}

/**
 * The name under which a multipart upload is stored, from the path that its file has on the client. Clients before 3.18 send all of that
 * path, whatever system they run on; only its last part counts (3.18's `_get_multipart_upload_file_name`), decoded as everywhere in the store.
 * Throws `invalid-parameter` where no name is left, and for what 3.18 takes for a climb once it is decoded.
 */
export function uploadedFileName(localPath: string): string {
  const decoded = decodePath(lastPart(localPath.replace(/^[A-Za-z]:/, '')))
  const isAbsolute = /^(?:[A-Za-z]:)?[/\\]/.test(decoded)
  const name = isAbsolute || decoded.split(/[/\\]/).includes('..') ? '' : canonicalPath(lastPart(decoded))
  if (name === '') throw new Refusal('invalid-parameter', 'Invalid path: it does not end with the name of a file.')
  return name
}
