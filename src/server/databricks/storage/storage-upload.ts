/** A body that is being uploaded. */
export interface StorageUpload {
  readonly body: AsyncIterable<Uint8Array>
  /** The announced number of bytes, or null. */
  readonly length: number | null
  /** Called before existing data changes. */
  readonly lastLook: () => Promise<void>
}
