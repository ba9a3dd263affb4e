import { type Readable, Stream } from 'node:stream'
import type { Hold } from '../../limits/memory-account.ts'
import { clientGone } from '../../network/client-gone.ts'
import { Spool } from './spool.ts'

export interface UploadOptions {
  /** Milliseconds for which the client may send nothing. Then its connection is closed without a word: it would send all of it again. */
  readonly idle: number
  /** Bytes that the body has at most; beyond them `tooLarge` is thrown. */
  readonly limit?: { readonly bytes: number; readonly tooLarge: () => Error }
  /** Where what is read ahead counts, as long as it is in memory. */
  readonly hold?: Pick<Hold, 'resize' | 'release'>
  /** Asked when all has come and is about to leave: what it rejects with fails the body, and the last bytes stay here. */
  readonly lastLook?: () => Promise<void>
}

/** Who hears of a body that is being read. */
export interface Reader {
  /** A piece is handed over. */
  readonly waiting?: () => void
  /** It has been taken, and the next one is asked for. */
  readonly taken?: () => void
  /** The last bytes go now. */
  readonly last?: () => void
}

/** Milliseconds for which a look is as good as new. */
const freshFor = 500

/**
 * The body of a client's request on its way upstream. It is pulled: nothing is read from the client before somebody wants to send it, but for
 * what is read ahead. No stream in spite of its class, by which @fastify/http-proxy knows a body.
 */
export class UploadBody extends Stream {
  readonly #raw: Readable
  readonly #source: AsyncIterator<Buffer>
  readonly #options: UploadOptions
  /** What was read ahead, in order: in memory, on disk, and what had no room there. */
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

  /** Whether all of it has come. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  /** Whether the last bytes have been handed over. */
  get isSent(): boolean {
    return this.#isSent
  }

  /** Takes what the client sends until it is over or there are so many bytes. Throws `clientGone`. */
  async readAhead(bytes: number): Promise<void> {
    while (!this.#isWhole && this.#size < bytes) {
      const chunk = await this.#next()
      if (chunk !== null) this.#early.push(chunk)
      await this.#options.hold?.resize(this.#size)
    }
  }

  /** Takes all that the client sends, onto the disk, as far as there is room. Throws `clientGone`. */
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

  /** The last look, before a connection is opened for what has come as a whole: some servers answer nothing else meanwhile. */
  async lookFirst(): Promise<void> {
    if (!this.#isWhole) return
    await this.#options.lastLook?.()
    this.#lookedAt = performance.now()
  }

  /** The pieces as they are asked for, once. Throws `clientGone`, and what the last look rejects with. */
  async *bytes(reader: Reader = {}): AsyncGenerator<Buffer, void, undefined> {
    try {
      // Of what is here as a whole nothing leaves before the look; of all else the last piece does not.
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

  /** Nobody reads it any more: what still comes is read and dropped, so that the client gets to its answer. */
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
