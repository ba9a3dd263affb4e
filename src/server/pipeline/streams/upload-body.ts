import { type Readable, Stream } from 'node:stream'
import type { Hold } from '../../limits/memory-account.ts'
import { clientGone } from '../../network/client-gone.ts'
import { Spool } from './spool.ts'

export interface UploadOptions {
  /** Milliseconds for which the client may pause. Then its connection is closed without an answer, because it would send everything again. */
  readonly idle: number
  /** Maximum number of bytes; beyond it `tooLarge` is thrown. */
  readonly limit?: { readonly bytes: number; readonly tooLarge: () => Error }
  /** The budget for bytes that are read ahead into memory. */
  readonly hold?: Pick<Hold, 'resize' | 'release'>
  /** Called when everything has arrived and is about to be sent: if it rejects, the body fails and its last bytes are not sent. */
  readonly lastLook?: () => Promise<void>
}

/** Callbacks while a body is read. */
export interface Reader {
  /** A chunk is handed over. */
  readonly waiting?: () => void
  /** The chunk was taken, and the next one is requested. */
  readonly taken?: () => void
  /** The last bytes are sent now. */
  readonly last?: () => void
}

/** Milliseconds for which a check stays valid. */
const freshFor = 500

/**
 * The body of a client's request on its way upstream. It is pulled: nothing is read from the client before it can be sent, except for
 * bytes that are read ahead. Not a stream, despite its class, by which @fastify/http-proxy recognises a body.
 */
export class UploadBody extends Stream {
  readonly #raw: Readable
  readonly #source: AsyncIterator<Buffer>
  readonly #options: UploadOptions
  /** The bytes read ahead, in order: in memory, on disk, and what did not fit there. */
  readonly #early: Buffer[] = []
  #spool: { readonly disk: Spool; readonly pieces: AsyncGenerator<Buffer, void, undefined> } | null = null
  readonly #late: Buffer[] = []
  #size = 0
  #isWhole = false
  #isStopped = false
  #isSent = false
  #lookedAt = Number.NEGATIVE_INFINITY

  constructor(raw: Readable, options: UploadOptions) {
    super()
    this.#raw = raw
    this.#source = raw.iterator({ destroyOnReturn: false })
    this.#options = options
  }

  /** Whether all of it has arrived. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  /** Whether the last bytes have been handed over. */
  get isSent(): boolean {
    return this.#isSent
  }

  /** Reads from the client until its body ends or this many bytes are there. Throws `clientGone`. */
  async readAhead(bytes: number): Promise<void> {
    while (!this.#isWhole && this.#size < bytes) {
      const chunk = await this.#next()
      if (chunk !== null) this.#early.push(chunk)
      await this.#options.hold?.resize(this.#size)
    }
  }

  /** Reads the client's whole body to disk, as far as there is room. Throws `clientGone`. */
  async spool(): Promise<void> {
    const disk = this.#isWhole ? null : await Spool.open()
    if (disk === null) return
    this.#spool = { disk, pieces: disk.read() }
    for (let chunk = await this.#next(); chunk !== null; chunk = await this.#next()) {
      if (await disk.write(chunk)) continue
      this.#late.push(chunk)
      return
    }
  }

  /** The final check, before a connection is opened for a complete body: some servers answer nothing else meanwhile. */
  async lookFirst(): Promise<void> {
    if (!this.#isWhole) return
    await this.#options.lastLook?.()
    this.#lookedAt = performance.now()
  }

  /** The chunks as they are requested, once. Throws `clientGone`, and whatever the final check rejects with. */
  async *bytes(reader: Reader = {}): AsyncGenerator<Buffer, void, undefined> {
    try {
      // Of a complete body nothing is sent before the check; of any other body the last chunk is not.
      const isLooked = this.#isWhole
      if (isLooked) await this.#look()
      const { lastLook } = this.#options
      let held: Buffer | null = null
      for (let piece = await this.#piece(); piece !== null; piece = await this.#piece()) {
        const ready: Buffer | null = lastLook === undefined ? piece : held
        held = piece
        if (ready === null) continue
        reader.waiting?.()
        yield ready
        reader.taken?.()
      }
      if (!isLooked) await this.#look()
      if (this.#isStopped) return
      this.#isSent = true
      reader.last?.()
      if (held !== null && lastLook !== undefined) yield held
    } finally {
      this.stop()
    }
  }

  async #look(): Promise<void> {
    if (!this.#isStopped && performance.now() - this.#lookedAt > freshFor) await this.#options.lastLook?.()
  }

  async #piece(): Promise<Buffer | null> {
    const early = this.#early.shift()
    if (early !== undefined) {
      if (this.#early.length === 0) this.#options.hold?.release()
      return early
    }
    const spooled = await this.#spool?.pieces.next()
    if (spooled?.value !== undefined) return spooled.value
    return this.#late.shift() ?? (this.#isWhole ? null : this.#next())
  }

  async #next(): Promise<Buffer | null> {
    const timer = setTimeout(() => this.#raw.destroy(), this.#options.idle)
    try {
      const { value, done } = await this.#source.next()
      if (done === true) {
        this.#isWhole = true
        return null
      }
      this.#size += value.length
      const { limit } = this.#options
      if (limit !== undefined && this.#size > limit.bytes) throw limit.tooLarge()
      return value
    } catch (error) {
      throw this.#raw.destroyed && !this.#raw.readableEnded ? clientGone : error
    } finally {
      clearTimeout(timer)
    }
  }

  /** Nobody reads it any more: the rest is read and discarded, so that the client receives its answer. */
  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#early.length = 0
    this.#options.hold?.release()
    void this.#spool?.disk.close().catch(() => undefined)
    const drop = () => void this.#raw.resume()
    void this.#source.return?.().then(drop, drop)
  }
}
