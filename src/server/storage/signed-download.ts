import { Refusal } from '../../policy/reasons.ts'
import type { ByteRange, Download } from './artifact-store.ts'
import { azureHeaders } from './azure-headers.ts'
import type { Credential, Lease } from './credentials.ts'
import { absentArtifact, unknownStorageAnswer } from './storage-call.ts'
import { azureCode, type OpenedFile, type StorageDoor, storageRefusal } from './storage-door.ts'

function rangeHeader({ start, end }: ByteRange): string {
  return `bytes=${start}-${end ?? ''}`
}

async function failureOf(answer: OpenedFile, path: string): Promise<Refusal> {
  await answer.body.dump().catch(() => null)
  if (answer.status === 404) return absentArtifact(path)
  if (answer.status === 416) return outside()
  return storageRefusal({ status: answer.status, code: azureCode(answer.headers) })
}

/** The length of what follows: without one, bytes that are missing at the end would not be missed. */
function lengthOf(headers: OpenedFile['headers']): number {
  const text = headers['content-length']
  if (typeof text !== 'string' || !/^[0-9]{1,15}$/.test(text)) throw unknownStorageAnswer('a file without its length')
  return Number(text)
}

function outside(): Refusal {
  return new Refusal('invalid-parameter', 'The range lies outside of the artifact.')
}

function checkedRange(answer: OpenedFile, range: ByteRange | undefined): string | null {
  if (range === undefined) {
    if (answer.status !== 200) throw unknownStorageAnswer('a part of a file instead of all of it')
    return null
  }
  const text = String(answer.headers['content-range'])
  const [first, last, total] = (/^bytes ([0-9]{1,15})-([0-9]{1,15})\/([0-9]{1,15})$/.exec(text) ?? []).slice(1).map(Number)
  if (answer.status !== 206 || first !== range.start || last === undefined || total === undefined) {
    throw unknownStorageAnswer('another part of a file than was asked for')
  }
  if (range.start >= total) throw outside()
  if (last !== Math.min(range.end ?? total - 1, total - 1) || lengthOf(answer.headers) !== last - first + 1) {
    throw unknownStorageAnswer('another part of a file than was asked for')
  }
  return text
}

/** Reads a file by its signed URL. `path` is for messages. The stream fails when the storage stops before the end. */
export async function downloadSigned(door: StorageDoor, lease: Lease, path: string, range?: ByteRange): Promise<Download> {
  const wanted = range === undefined ? {} : { range: rangeHeader(range) }
  const open = (credential: Credential) => door.open(credential, { ...azureHeaders('read', credential.headers), ...wanted })
  const answer = await lease.use(open, ({ body }) => void body.dump().catch(() => null))
  if (answer.status !== 200 && answer.status !== 206) throw await failureOf(answer, path)
  try {
    const contentRange = checkedRange(answer, range)
    return { stream: answer.body, length: lengthOf(answer.headers), contentRange }
  } catch (error) {
    answer.body.on('error', () => undefined).destroy()
    throw error
  }
}
