/** A body on its way to storage. */
export interface StorageUpload {
  readonly body: AsyncIterable<Uint8Array>
  /** Bytes that it was announced to have, or null. */
  readonly length: number | null
  /** Asked before anything that is there already changes. */
  readonly lastLook: () => Promise<void>
}
