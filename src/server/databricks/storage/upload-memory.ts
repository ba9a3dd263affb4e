/** How much of a file is kept in memory during an upload. Sizes in bytes. */
export interface UploadLimits {
  /** The size of a part that is sent in one request. */
  readonly partBytes: number
  /** Parts of one upload that are being filled or sent at the same time. */
  readonly parallel: number
  /** Parts of all uploads together. Beyond that, each upload uses only its own part of `ownBytes`. */
  readonly sharedParts: number
  readonly ownBytes: number
}

const MiB = 1024 * 1024

/** At most 16 MiB per upload, and 128 MiB in total; 1 MiB for each further upload. Azure accepts 50 000 parts: 195 GiB. */
export const defaultUploadLimits: UploadLimits = { partBytes: 4 * MiB, parallel: 4, sharedParts: 32, ownBytes: MiB }

/** The memory that the parts of all uploads share. */
export class UploadMemory {
  readonly limits: UploadLimits
  readonly #idle: Buffer[] = []
  #taken = 0

  constructor(limits: UploadLimits = defaultUploadLimits) {
    this.limits = limits
  }

  /** Memory for a part, or null if all is in use. It contains old bytes until it is overwritten. */
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
