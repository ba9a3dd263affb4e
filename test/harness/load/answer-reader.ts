/** Follows the bytes of one HTTP/1.1 answer after another to their ends, without keeping bodies: what is measured is the server. */
export class AnswerReader {
  status = 0
  /** Bytes of the body so far, without the frames of chunks. */
  bytes = 0
  #head = ''
  #chunkLine = ''
  /** Bytes that still belong to the body, or to a chunk with its end of line. */
  #left = 0
  #place: 'head' | 'body' | 'chunk line' | 'chunk' | 'last chunk' = 'head'

  /** Takes what arrived; true when that ended the answer. */
  push(arrived: Buffer): boolean {
    let at = 0
    if (this.#place === 'head') {
      at = this.#readHead(arrived)
      if (at < 0) return false
    }
    return this.#place === 'body' ? this.#readBody(arrived.length - at) : this.#readChunks(arrived, at)
  }

  #readHead(arrived: Buffer): number {
    const before = this.#head.length
    const text = this.#head + arrived.toString('latin1', 0, Math.min(arrived.length, 16_384))
    const end = text.indexOf('\r\n\r\n', Math.max(0, before - 3))
    if (end < 0) {
      this.#head = text
      return -1
    }
    this.#head = ''
    this.bytes = 0
    this.status = Number(text.slice(9, 12))
    const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end))?.[1]
    const isChunked = length === undefined && /\r\ntransfer-encoding: *chunked/i.test(text.slice(0, end))
    this.#place = isChunked ? 'chunk line' : 'body'
    this.#left = Number(length ?? 0)
    return end + 4 - before
  }

  #readBody(count: number): boolean {
    this.bytes += count
    this.#left -= count
    if (this.#left > 0) return false
    this.#place = 'head'
    return true
  }

  #readChunks(arrived: Buffer, from: number): boolean {
    for (let at = from; at < arrived.length; ) {
      if (this.#place === 'chunk line') {
        at = this.#readChunkLine(arrived, at)
        continue
      }
      const count = Math.min(this.#left, arrived.length - at)
      at += count
      this.#left -= count
      if (this.#left > 0) return false
      if (this.#place === 'last chunk') {
        this.#place = 'head'
        return true
      }
      this.#place = 'chunk line'
    }
    return false
  }

  #readChunkLine(arrived: Buffer, at: number): number {
    const end = arrived.indexOf('\n', at)
    this.#chunkLine += arrived.toString('latin1', at, end < 0 ? arrived.length : end)
    if (end < 0) return arrived.length
    const size = Number.parseInt(this.#chunkLine, 16)
    this.#chunkLine = ''
    this.bytes += size
    this.#left = size + 2
    this.#place = size === 0 ? 'last chunk' : 'chunk'
    return end + 1
  }
}
