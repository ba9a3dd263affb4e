import { randomBytes } from 'node:crypto'
import { azureHeaders } from './azure-headers.ts'
import { type StorageClient, type StorageReply, storageRefusal } from './storage-client.ts'
import type { Lease } from './storage-credentials.ts'
import type { StorageUpload } from './storage-upload.ts'
import type { UploadMemory } from './upload-memory.ts'
import { sendParts } from './upload-parts.ts'

/** What an upload goes through. */
export interface UploadWay {
  readonly ingress: StorageClient
  readonly lease: Lease
  readonly memory: UploadMemory
}

/** All block ids of an Azure blob must have the same length; MLflow's own clients use 32 hexadecimal digits in Base64. */
function blockId(upload: string, index: number): string {
  return Buffer.from(`${upload}${index.toString(16).padStart(8, '0')}`).toString('base64')
}

/** `Latest`, although MLflow's clients send `Uncommitted`: this way a commit whose answer was lost can be repeated. */
function blockList(upload: string, count: number): string {
  const blocks = Array.from({ length: count }, (_, index) => `<Latest>${blockId(upload, index)}</Latest>\n`)
  return `<?xml version="1.0" encoding="utf-8"?>\n<BlockList>\n${blocks.join('')}</BlockList>`
}

/** Throws unless the storage answered with the expected status. */
export function expectStatus(reply: StorageReply, status: number): StorageReply {
  if (reply.status !== status) throw storageRefusal(reply)
  return reply
}

/** Stores a body as an Azure block blob, which appears completely at the end, or not at all. */
export async function uploadBlob(
  { ingress, lease, memory }: UploadWay,
  { body, length, lastLook }: StorageUpload,
): Promise<void> {
  const upload = randomBytes(12).toString('hex')
  const { count } = await sendParts(body, length, memory, async ({ index, bytes }, signal) => {
    const parameters = { comp: 'block', blockid: blockId(upload, index) }
    const reply = await lease.use((credential) => {
      const headers = { ...azureHeaders('putBlock', credential.headers), 'x-ms-blob-type': 'BlockBlob' }
      return ingress.send({ method: 'PUT', credential, parameters, headers, body: bytes, signal })
    })
    expectStatus(reply, 201)
  })
  const list = blockList(upload, count)
  const reply = await lease.use((credential) => {
    const headers = { ...azureHeaders('putBlockList', credential.headers), 'content-type': 'application/xml' }
    return ingress.send({ method: 'PUT', credential, parameters: { comp: 'blocklist' }, headers, body: list, before: lastLook })
  })
  expectStatus(reply, 201)
}
