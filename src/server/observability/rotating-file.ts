import { writeSync } from 'node:fs'
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import type { Outlet } from './log-outlet.ts'

/** A file that is continued in a new one when it is full. */
export interface RotatingFileSettings {
  readonly path: string
  /** The most bytes of a file; a single text may be more. */
  readonly bytes: number
  /** How many older files are kept, as `<path>.1` and so on. */
  readonly kept: number
}

const isAbsent = (error: NodeJS.ErrnoException) => {
  if (error.code !== 'ENOENT') throw error
  return null
}

/** Appends to a file, without losing or repeating a byte: what a full disk cut off is continued when there is room again. */
export class RotatingFile implements Outlet {
  readonly again = true
  readonly #settings: RotatingFileSettings
  #handle: FileHandle
  #number = -1
  /** How much of a text was written. */
  #begun: { readonly text: string; written: number } | null = null

  private constructor(settings: RotatingFileSettings, handle: FileHandle) {
    this.#settings = settings
    this.#handle = handle
  }

  /** Opens the file, and creates it if it is not there. Throws the system's error. */
  static async open(settings: RotatingFileSettings): Promise<RotatingFile> {
    const handle = await open(settings.path, 'a', 0o640)
    const file = new RotatingFile(settings, handle)
    file.#number = (await handle.stat()).ino
    return file
  }

  async send(text: string): Promise<void> {
    const bytes = Buffer.from(text)
    await this.#makeRoom(bytes.length)
    this.#begun = this.#begun?.text === text ? this.#begun : { text, written: 0 }
    while (this.#begun.written < bytes.length)
      this.#begun.written += (await this.#handle.write(bytes, this.#begun.written)).bytesWritten
    this.#begun = null
  }

  sendNow(text: string): void {
    const bytes = Buffer.from(text)
    let written = this.#begun?.text === text ? this.#begun.written : 0
    while (written < bytes.length) written += writeSync(this.#handle.fd, bytes, written)
    this.#begun = null
  }

  /** Sees to it that the file is at its place, and has room for so many bytes more. */
  async #makeRoom(length: number): Promise<void> {
    const { path, bytes } = this.#settings
    const there = await stat(path).catch(isAbsent)
    if (there === null || there.ino !== this.#number) await this.#reopen()
    else if (this.#begun === null && there.size > 0 && there.size + length > bytes) {
      await this.#moveOn()
      await this.#reopen()
    }
  }

  async #moveOn(): Promise<void> {
    const { path, kept } = this.#settings
    if (kept === 0) return rm(path)
    for (let number = kept - 1; number > 0; number--) await rename(`${path}.${number}`, `${path}.${number + 1}`).catch(isAbsent)
    await rename(path, `${path}.1`)
  }

  async #reopen(): Promise<void> {
    const handle = await open(this.#settings.path, 'a', 0o640)
    const old = this.#handle
    this.#handle = handle
    this.#number = (await handle.stat()).ino
    // What was begun in the other file is written whole into this one.
    this.#begun = null
    await old.close()
  }
}
