import { randomUUID } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Bytes per read. */
const pieceBytes = 256 * 1024

/** Bytes that are kept on disk until they are sent, in an unlinked file. */
export class Spool {
  readonly #file: FileHandle
  #size = 0

  private constructor(file: FileHandle) {
    this.#file = file
  }

  /** Null if nothing can be written. */
  static async open(folder = tmpdir()): Promise<Spool | null> {
    const path = join(folder, `mlflow-env-proxy-${randomUUID()}`)
    try {
      const file = await open(path, 'wx+', 0o600)
      await rm(path)
      return new Spool(file)
    } catch {
      return null
    }
  }

  /** False if there is no more room; the chunk is then not stored. */
  async write(bytes: Uint8Array): Promise<boolean> {
    try {
      for (let at = 0; at < bytes.length; ) {
        at += (await this.#file.write(bytes, at, bytes.length - at, this.#size + at)).bytesWritten
      }
    } catch {
      return false
    }
    this.#size += bytes.length
    return true
  }

  /** Everything that was written. */
  async *read(): AsyncGenerator<Buffer, void, undefined> {
    for (let at = 0; at < this.#size; ) {
      const { buffer, bytesRead } = await this.#file.read(Buffer.allocUnsafe(Math.min(pieceBytes, this.#size - at)), 0, null, at)
      if (bytesRead === 0) throw new Error('the spooled bytes are gone')
      at += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}
