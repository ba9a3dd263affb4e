/**
 * Bytes that are decoded at once, which takes about a millisecond. Node keeps texts from 1,031,913 characters on outside of V8's heap: the collection
 * of garbage does not move them.
 */
const decodedAtOnce = 1_048_576

/** Where the last character begins, if it has several bytes: they may not all be there. Otherwise the end. */
function endOfWhole(bytes: Buffer): number {
  let start = bytes.length - 1
  while (start > bytes.length - 4 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start--
  return (bytes[start] ?? 0) < 0x80 ? bytes.length : start
}

/** The text of an answer, decoded while it arrives, in parts that are never put together. No part ends within a character. */
export class AnswerText {
  readonly #parts: string[] = []
  #chunks: Buffer[] = []
  #size = 0

  add(chunk: Buffer): void {
    this.#keep(chunk)
    if (this.#size < decodedAtOnce) return
    const bytes = Buffer.concat(this.#chunks)
    const end = endOfWhole(bytes)
    this.#parts.push(bytes.toString('utf8', 0, end))
    this.#chunks = []
    this.#size = 0
    this.#keep(bytes.subarray(end))
  }

  #keep(bytes: Buffer): void {
    this.#chunks.push(bytes)
    this.#size += bytes.length
  }

  end(): readonly string[] {
    const [only = Buffer.alloc(0), ...more] = this.#chunks
    const bytes = more.length === 0 ? only : Buffer.concat(this.#chunks)
    return [...this.#parts, bytes.toString('utf8')]
  }
}
