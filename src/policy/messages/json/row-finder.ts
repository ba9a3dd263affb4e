import { longestRow } from './text-window.ts'

/** Characters that a pattern sees at most: it runs to its end in one turn, and takes memory for each way on that it has not tried. */
const visible = 2 * longestRow

/** Finds rows by sticky patterns, in a time that the length of a row bounds, whatever follows. */
export class RowFinder {
  #text = ''
  /** The part of the text that patterns see, and where it begins: cut out once for many rows. */
  #part = ''
  #from = 0

  /** Where in a text the row ends that a pattern finds at a place; undefined if there is none, or a longer one. */
  endOf(pattern: RegExp, text: string, at: number): number | undefined {
    const part = this.#show(pattern, text, at)
    const start = pattern.lastIndex
    return pattern.test(part) && pattern.lastIndex - start <= longestRow ? this.#from + pattern.lastIndex : undefined
  }

  /** The same as what the pattern finds, if it has no more than `most` characters. */
  find(pattern: RegExp, text: string, at: number, most: number): RegExpExecArray | null {
    const found = pattern.exec(this.#show(pattern, text, at))
    return found !== null && found[0].length <= Math.min(longestRow, most) ? found : null
  }

  /** The part of a text in which a row at some place is found; sets the pattern to its beginning there. */
  #show(pattern: RegExp, text: string, at: number): string {
    const end = this.#from + this.#part.length
    if (text !== this.#text || at < this.#from || (at + longestRow >= end && end < text.length)) {
      this.#text = text
      this.#part = text.slice(at, at + visible)
      this.#from = at
    }
    pattern.lastIndex = at - this.#from
    return this.#part
  }
}
