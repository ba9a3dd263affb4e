import { isAscii } from 'node:buffer'
import { jsonCosts } from '../../policy/messages/json/json-costs.ts'

/** A byte of text: its buffer, the text, the printed text and its buffer; twice as much of both texts where one character needs two bytes. */
const weights = { byte: 4, wideByte: 6 } as const

const quote = 0x22
const backslash = 0x5c
/** The first byte of characters beyond Latin-1 in UTF-8. */
const wide = 0xc4

/** What each byte costs outside of strings, besides being there. */
const costs = new Float64Array(256)
for (const byte of Buffer.from(',:')) costs[byte] = jsonCosts.separator
for (const byte of Buffer.from('[{')) costs[byte] = jsonCosts.bracket
costs[backslash] = jsonCosts.escaped

/** The cost of a text while it arrives, without what it becomes when it is read. */
export class TextWeight {
  #bytes = 0
  #wide = false

  /** Bytes of memory. */
  get bytes(): number {
    return this.#bytes * (this.#wide ? weights.wideByte : weights.byte)
  }

  /** Adds the next part of the text. */
  add(chunk: Uint8Array): void {
    this.#bytes += chunk.length
    this.#wide ||= !isAscii(chunk)
  }
}

/**
 * Estimates the cost of parsing, rewriting and printing a JSON text while it arrives, by what its parts cost. A list of metrics came to 14
 * times its bytes, and weighs 17 times.
 */
export class JsonWeight {
  #bytes = 0
  #costs = 0
  #wide = false
  #inString = false
  /** A backslash was the last byte. */
  #escaped = false

  /** Bytes of memory that all chunks so far will cost. */
  get bytes(): number {
    return this.#bytes * (this.#wide ? weights.wideByte : weights.byte) + this.#costs
  }

  /** Adds the next part of the text. */
  add(chunk: Uint8Array): void {
    const { length } = chunk
    this.#bytes += length
    let at = 0
    if (this.#escaped && length > 0) at = this.#passEscaped(chunk, 0)
    let inString = this.#inString
    let cost = 0
    while (at < length) {
      let byte = chunk[at++] ?? 0
      if (!inString) {
        if (byte === quote) inString = true
        else if (byte >= wide) this.#wide = true
        else cost += costs[byte] ?? 0
        continue
      }
      while (byte !== quote && byte !== backslash && byte < wide && at < length) byte = chunk[at++] ?? 0
      if (byte === quote) inString = false
      else if (byte >= wide) this.#wide = true
      else if (byte === backslash) {
        cost += jsonCosts.escaped
        at = this.#passEscaped(chunk, at)
      }
    }
    this.#inString = inString
    this.#costs += cost
  }

  /** Passes over the byte behind a backslash, which may come with the next chunk; returns where the text goes on. */
  #passEscaped(chunk: Uint8Array, at: number): number {
    this.#escaped = at === chunk.length
    if (this.#escaped) return at
    if ((chunk[at] ?? 0) >= wide) this.#wide = true
    return at + 1
  }
}

/** The cost of a whole JSON text, in bytes of memory. */
export function jsonWeight(text: Uint8Array): number {
  const weight = new JsonWeight()
  weight.add(text)
  return weight.bytes
}
