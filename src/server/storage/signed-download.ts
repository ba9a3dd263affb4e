import type { Dispatcher } from 'undici'
import { Refusal } from '../../policy/reasons.ts'
import type { ByteRange, Download } from './artifact-store.ts'
import { azureHeaders } from './azure-headers.ts'
import type { Lease } from './credentials.ts'
import { absentArtifact, unknownStorageAnswer } from './storage-call.ts'
import { azureCode, type StorageDoor, storageRefusal } from './storage-door.ts'

type Answer = Dispatcher.ResponseData & { readonly status: number }

function rangeHeader({ start, end }: ByteRange): string {
  return `bytes=${start}-${end ?? ''}`
}

async function failureOf(answer: Answer, path: string): Promise<Refusal> {
  await answer.body.dump().catch(() => null)
  if (answer.status === 404) return absentArtifact(path)
  if (answer.status === 416) return new Refusal('invalid-parameter', 'The range lies outside of the artifact.')
  return storageRefusal({ status: answer.status, code: azureCode(answer.headers) })
}

/** The length of what follows: without one, bytes that are missing at the end would not be missed. */
function lengthOf(headers: Answer['headers']): number {
  const text = headers['content-length']
  if (typeof text !== 'string' || !/^[0-9]{1,15}$/.test(text)) throw unknownStorageAnswer('a file without its length')
  return Number(text)
}

function checkedRange(answer: Answer, range: ByteRange | undefined): string | null {
  if (range === undefined) {
    if (answer.status !== 200) throw unknownStorageAnswer('a part of a file instead of all of it')
    return null
  }
  const text = answer.headers['content-range']
  if (answer.status !== 206 || typeof text !== 'string' || !text.startsWith(`bytes ${range.start}-`)) {
    throw unknownStorageAnswer('another part of a file than was asked for')
  }
  return text
}

/** Reads a file by its signed URL. `path` is for messages. The stream fails when the storage stops before the end. */
export async function downloadSigned(door: StorageDoor, lease: Lease, path: string, range?: ByteRange): Promise<Download> {
  const open = async (credential: Awaited<ReturnType<Lease['credential']>>): Promise<Answer> => {
    const wanted = range === undefined ? {} : { range: rangeHeader(range) }
    const answer = await door.open(credential, { ...azureHeaders('read', credential.headers), ...wanted })
    return { ...answer, status: answer.statusCode }
  }
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
