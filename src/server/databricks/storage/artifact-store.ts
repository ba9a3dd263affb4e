import type { Readable } from 'node:stream'

/** One row of a folder's listing. */
export interface StoredFile {
  /** The name inside the folder that was listed. */
  readonly path: string
  readonly isDir: boolean
  /** Bytes; null for a folder. */
  readonly fileSize: number | null
}

/** The bytes from `start` to `end`, both included; `end` null means to the end of the file. A negative `start` counts from there. */
export interface ByteRange {
  readonly start: number
  readonly end: number | null
}

/** Headers of RFC 9110 by which storage knows whether the caller has the file already, or which one it has a part of. */
export type Conditions = Readonly<Record<string, string>>

/** The caller has the file as it is. */
export class Unchanged extends Error {
  readonly validators: Readonly<Record<string, string>>
  constructor(validators: Readonly<Record<string, string>>) {
    super('not modified')
    this.validators = validators
  }
}

/** A file's bytes. If some are missing, the stream fails instead of ending. */
export interface Download {
  readonly stream: Readable
  /** The number of bytes in the stream; null if unknown. */
  readonly length: number | null
  /** The `Content-Range` of the answer to a request for a part, or null. */
  readonly contentRange: string | null
  /** `ETag` and `Last-Modified`, if the storage has them. */
  readonly validators?: Readonly<Record<string, string>>
}
