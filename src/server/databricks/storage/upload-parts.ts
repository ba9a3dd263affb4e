import { Refusal } from '../../../policy/reasons.ts'
import type { UploadMemory } from './upload-memory.ts'

/** A piece of a body. Its bytes are only valid until it has been sent. */
interface Part {
  readonly index: number
  /** Its offset in the file. */
  readonly position: number
  readonly bytes: Uint8Array
}

export type SendPart = (part: Part, signal: AbortSignal) => Promise<void>

/** How many parts were sent, and the total size in bytes. */
export interface SentParts {
  readonly count: number
  readonly size: number
}

/** Splits a body into parts and sends several at a time. Bytes that cannot be sent yet wait in the client's connection, not in memory. */
class PartSender {
  readonly #memory: UploadMemory
  readonly #send: SendPart
  readonly #abort = new AbortController()
  readonly #running = new Set<Promise<void>>()
  /** The upload's own part, and whether it is free. */
  #own: Buffer | null = null
  #ownIsFree = true
  readonly #ownBytes: number
  readonly #small: boolean
  #current: Buffer | null = null
  #filled = 0
  #count = 0
  size = 0
  failure: unknown = null

  constructor(memory: UploadMemory, length: number | null, send: SendPart) {
    this.#memory = memory
    this.#send = send
    const { ownBytes } = memory.limits
    this.#ownBytes = Math.max(1, Math.min(length ?? ownBytes, ownBytes))
    this.#small = length === null || length <= ownBytes
  }

  async add(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      this.#current ??= await this.#nextMemory()
      const taken = Math.min(chunk.length - at, this.#current.length - this.#filled)
      this.#current.set(chunk.subarray(at, at + taken), this.#filled)
      this.#filled += taken
      at += taken
      if (this.#filled === this.#current.length) this.#dispatch(this.#current)
    }
  }

  async finish(): Promise<SentParts> {
    if (this.#current !== null) this.#dispatch(this.#current)
    await Promise.all(this.#running)
    this.check()
    return { count: this.#count, size: this.size }
  }

  /** Cancels the upload: requests in flight are aborted, and memory is released once nothing reads it any more. */
  async stop(): Promise<void> {
    this.#abort.abort()
    await Promise.all(this.#running)
    if (this.#current !== null) this.#give(this.#current)
    this.#current = null
  }

  check(): void {
    if (this.failure !== null) throw this.failure
  }

  async #nextMemory(): Promise<Buffer> {
    for (;;) {
      this.check()
      if (this.#running.size < this.#memory.limits.parallel) {
        const memory = this.#takeMemory()
        if (memory !== null) return memory
      }
      await Promise.race(this.#running)
    }
  }

  #takeMemory(): Buffer | null {
    const ownFirst = this.#small && this.#count === 0
    const shared = ownFirst ? null : this.#memory.take()
    if (shared !== null || !this.#ownIsFree) return shared
    this.#ownIsFree = false
    this.#own ??= Buffer.allocUnsafeSlow(this.#ownBytes)
    return this.#own
  }

  #give(memory: Buffer): void {
    if (memory === this.#own) this.#ownIsFree = true
    else this.#memory.give(memory)
  }

  #dispatch(memory: Buffer): void {
    const part = { index: this.#count, position: this.size, bytes: memory.subarray(0, this.#filled) }
    this.#count += 1
    this.size += this.#filled
    this.#current = null
    this.#filled = 0
    const running = this.#send(part, this.#abort.signal)
      .catch((error: unknown) => {
        this.failure ??= error
        this.#abort.abort()
      })
      .finally(() => {
        this.#running.delete(running)
        this.#give(memory)
      })
    this.#running.add(running)
  }
}

function incomplete(size: number, length: number): Refusal {
  return new Refusal(
    'malformed',
    `The body has ${size > length ? 'more' : 'fewer'} bytes than the announced ${length}. Nothing was stored.`,
  )
}

/**
 * Sends a whole body in parts. Throws if a part could not be sent, if the client disconnected, or if the body does not have the
 * announced length; nothing is in flight any more then.
 */
export async function sendParts(
  body: AsyncIterable<Uint8Array>,
  length: number | null,
  memory: UploadMemory,
  send: SendPart,
): Promise<SentParts> {
  const sender = new PartSender(memory, length, send)
  let received = 0
  try {
    for await (const chunk of body) {
      received += chunk.length
      if (length !== null && received > length) throw incomplete(received, length)
      await sender.add(chunk)
      sender.check()
    }
    if (length !== null && received !== length) throw incomplete(received, length)
    return await sender.finish()
  } catch (error) {
    await sender.stop()
    throw error
  }
}
