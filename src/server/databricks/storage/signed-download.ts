import { isAskedPart, readContentRange } from '../../http/conditions.ts'
import { OutsideRange, unmet } from '../../http/unmet.ts'
import { type ByteRange, type Conditions, type Download, Unchanged } from './artifact-store.ts'
import { azureHeaders } from './azure-headers.ts'
import { absentArtifact, unknownStorageAnswer } from './storage-call.ts'
import { azureCode, type OpenedFile, type StorageClient, storageRefusal } from './storage-client.ts'
import type { Credential, Lease } from './storage-credentials.ts'

type Headers = Readonly<Record<string, string>>
type Open = (headers: Headers) => Promise<OpenedFile>

function rangeHeader({ start, end }: ByteRange): string {
  return `bytes=${start}-${end ?? ''}`
}

function validatorsOf({ headers }: OpenedFile): Headers {
  return Object.fromEntries(
    ['etag', 'last-modified'].flatMap((name) => (typeof headers[name] === 'string' ? [[name, headers[name]]] : [])),
  )
}

async function dump(answer: OpenedFile): Promise<void> {
  await answer.body.dump().catch(() => null)
}

async function failureOf(answer: OpenedFile, path: string): Promise<Error> {
  await dump(answer)
  if (answer.status === 304) return new Unchanged(validatorsOf(answer))
  if (answer.status === 404) return absentArtifact(path)
  if (answer.status === 412 || answer.status === 416) return unmet(answer.status, answer.headers['content-range'])
  return storageRefusal({ status: answer.status, code: azureCode(answer.headers) })
}

/** The length of the following bytes: without one, missing bytes at the end would go unnoticed. */
function lengthOf(headers: OpenedFile['headers']): number {
  const text = headers['content-length']
  if (typeof text !== 'string' || !/^[0-9]{1,15}$/.test(text)) throw unknownStorageAnswer('a file without its length')
  return Number(text)
}

function checkedRange(answer: OpenedFile, range: ByteRange | undefined): string | null {
  if (range === undefined) {
    if (answer.status !== 200) throw unknownStorageAnswer('a part of a file instead of all of it')
    return null
  }
  const { 'content-range': header } = answer.headers
  // Azurite returns an empty part for a range beyond the end.
  const size = Number(/\/([0-9]{1,15})$/.exec(String(header))?.[1] ?? Number.NaN)
  if (range.start >= size) throw new OutsideRange(size)
  const part = readContentRange(header)
  const isAsked = answer.status === 206 && part !== null && isAskedPart(rangeHeader(range), header)
  if (!isAsked || lengthOf(answer.headers) !== part.last - part.first + 1)
    throw unknownStorageAnswer('another part of a file than was asked for')
  return String(header)
}

/** Azure has no ranges that count from the end, so the length is looked up first. */
async function fromStart(open: Open, range: ByteRange, path: string): Promise<ByteRange> {
  if (range.start >= 0) return range
  const answer = await open({ range: 'bytes=0-0' })
  if (answer.status !== 206) throw await failureOf(answer, path)
  await dump(answer)
  const size = readContentRange(answer.headers['content-range'])?.size ?? 0
  return { start: Math.max(0, size + range.start), end: null }
}

/** Azure does not support `If-Range` either: the requested part if the file is unchanged, otherwise the whole file. */
function ifRange(conditions: Conditions): Headers | null {
  const { 'if-range': value } = conditions
  if (value === undefined) return {}
  // RFC 9110, 13.1.5: a weak tag does not identify bytes.
  if (value.startsWith('W/') || 'if-match' in conditions || 'if-unmodified-since' in conditions) return null
  return value.startsWith('"') ? { 'if-match': value } : { 'if-unmodified-since': value }
}

/** Reads a file by its signed URL. `path` is for messages. The stream fails if the storage stops before the end. */
export async function downloadSigned(
  ingress: StorageClient,
  lease: Lease,
  path: string,
  asked?: ByteRange,
  conditions: Conditions = {},
): Promise<Download> {
  const open: Open = (headers) => {
    const send = (credential: Credential) => ingress.open(credential, { ...azureHeaders('read', credential.headers), ...headers })
    return lease.use(send, (answer) => void dump(answer))
  }
  const { 'if-range': _ifRange, ...others } = conditions
  const sameFile = ifRange(conditions)
  const range = asked === undefined || sameFile === null ? undefined : await fromStart(open, asked, path)
  const answer = await open(range === undefined ? others : { ...others, ...sameFile, range: rangeHeader(range) })
  if (answer.status === 412 && range !== undefined && sameFile !== null && Object.keys(sameFile).length > 0) {
    await dump(answer)
    return downloadSigned(ingress, lease, path, undefined, others)
  }
  if (answer.status !== 200 && answer.status !== 206) throw await failureOf(answer, path)
  try {
    const contentRange = checkedRange(answer, range)
    return { stream: answer.body, length: lengthOf(answer.headers), contentRange, validators: validatorsOf(answer) }
  } catch (error) {
    answer.body.on('error', () => undefined).destroy()
    throw error
  }
}
