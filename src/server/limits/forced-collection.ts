import { findCollector } from './collector.ts'

/** Bytes of buffers, mostly garbage, that may pile up between two collections. */
const heap = 8 * 1024 * 1024
/** Milliseconds between two looks. */
const interval = 10

/**
 * Has the young garbage collected while bytes are streamed. Each piece of a transfer is a buffer outside V8's heap that is garbage the
 * next moment, and V8 by itself lets 64 MiB of them lie before it looks.
 */
export class ForcedCollection {
  readonly #collect = findCollector('young')
  #underWay = 0
  #timer: NodeJS.Timeout | undefined
  #floor = 0
  #collected = false

  /** A transfer begins; returns how it ends, which may be called more than once. */
  begin(): () => void {
    this.#underWay += 1
    if (this.#underWay === 1) {
      this.#floor = process.memoryUsage().arrayBuffers
      this.#timer = setInterval(() => this.#look(), interval)
    }
    let ended = false
    return () => {
      if (ended) return
      ended = true
      this.#underWay -= 1
      if (this.#underWay === 0) clearInterval(this.#timer)
    }
  }

  #look(): void {
    const { arrayBuffers } = process.memoryUsage()
    // What a collection leaves is in use, and not worth another one.
    if (this.#collected || arrayBuffers < this.#floor) this.#floor = arrayBuffers
    this.#collected = arrayBuffers - this.#floor > heap
    if (this.#collected) this.#collect()
  }
}
