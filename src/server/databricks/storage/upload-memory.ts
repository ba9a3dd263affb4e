/** How much of a file is held in memory while it is uploaded. Sizes in bytes. */
export interface UploadLimits {
  /** Size of a part that is sent at once. */
  readonly partBytes: number
  /** Parts of one upload that are filled or under way at the same time. */
  readonly parallel: number
  /** Parts of all uploads together. Beyond that each upload goes on with one part of its own, of `ownBytes`. */
  readonly sharedParts: number
  readonly ownBytes: number
}

const MiB = 1024 * 1024

/** At most 16 MiB an upload, and 128 MiB for all together; 1 MiB for each further upload. Azure takes 50 000 parts: 195 GiB. */
export const defaultUploadLimits: UploadLimits = { partBytes: 4 * MiB, parallel: 4, sharedParts: 32, ownBytes: MiB }

/** The memory that the parts of all uploads share. */
export class UploadMemory {
  readonly limits: UploadLimits
  readonly #idle: Buffer[] = []
  #taken = 0

  constructor(limits: UploadLimits = defaultUploadLimits) {
    this.limits = limits
  }

  /** Memory for a part, or null when all is in use. It holds the bytes of others until it is written over. */
  take(): Buffer | null {
    if (this.#taken >= this.limits.sharedParts) return null
    this.#taken += 1
    return this.#idle.pop() ?? Buffer.allocUnsafeSlow(this.limits.partBytes)
  }

  give(memory: Buffer): void {
    this.#taken -= 1
    if (this.#idle.length < this.limits.parallel) this.#idle.push(memory)
  }
}
