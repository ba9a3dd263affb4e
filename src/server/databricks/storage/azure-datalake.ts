import { expectStatus, type UploadWay } from './azure-blob.ts'
import { azureHeaders } from './azure-headers.ts'
import type { StorageReply, StorageRequest } from './storage-client.ts'
import type { StorageUpload } from './storage-upload.ts'
import { sendParts } from './upload-parts.ts'

async function createFile({ ingress, lease }: UploadWay, before: () => Promise<void>): Promise<StorageReply> {
  const reply = await lease.use((credential) => {
    const headers = azureHeaders('createFile', credential.headers)
    return ingress.send({ method: 'PUT', credential, parameters: { resource: 'file' }, headers, body: null, before })
  })
  return expectStatus(reply, 201)
}

async function patch(
  { ingress, lease }: UploadWay,
  action: 'append' | 'flush',
  position: number,
  body: Uint8Array | null,
  more: Pick<StorageRequest, 'signal' | 'before'>,
): Promise<StorageReply> {
  const parameters = { action, position: String(position) }
  return lease.use((credential) => {
    const headers = azureHeaders('updateFile', credential.headers)
    return ingress.send({ method: 'PATCH', credential, parameters, headers, body, ...more })
  })
}

/** Removes the empty file that a failed upload created, unless somebody has written to it since. Errors are ignored. */
async function removeEmptyFile({ ingress, lease }: UploadWay, etag: string | null): Promise<void> {
  if (etag === null) return
  try {
    const credential = await lease.credential()
    const headers = { ...azureHeaders('read', credential.headers), 'if-match': etag }
    await ingress.sendOnce({ method: 'DELETE', credential, parameters: {}, headers, body: null })
  } catch {
    // An empty file remains; the upload has failed in any case.
  }
}

/**
 * Stores a body as a file of Azure Data Lake Storage. Its bytes become visible with the final flush, but an existing file
 * is emptied when the first part is sent, because that is how Data Lake creates files.
 */
export async function uploadDataLakeFile(way: UploadWay, { body, length, lastLook }: StorageUpload): Promise<void> {
  const file: { created: Promise<StorageReply> | null } = { created: null }
  const create = () => {
    file.created ??= createFile(way, lastLook)
    return file.created
  }
  try {
    const { size } = await sendParts(body, length, way.memory, async ({ position, bytes }, signal) => {
      await create()
      expectStatus(await patch(way, 'append', position, bytes, { signal }), 202)
    })
    await create()
    expectStatus(await patch(way, 'flush', size, null, { before: lastLook }), 200)
  } catch (error) {
    const made = await file.created?.catch(() => null)
    await removeEmptyFile(way, made?.etag ?? null)
    throw error
  }
}
