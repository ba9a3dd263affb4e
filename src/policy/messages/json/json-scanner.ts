import { Refusal } from '../../reasons.ts'
import type { Turns } from '../../turns.ts'
import { JsonNumber } from './json.ts'
import { RowFinder } from './row-finder.ts'
import { type TextParts, TextWindow } from './text-window.ts'

const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const notFinite = /NaN|-?Infinity/y
const plain = /[^"\\\u0000-\u001f]+/y
const fourHexDigits = /^[0-9a-fA-F]{4}$/
const escapes = '"\\/bfnrt'
/** Characters of a number: more than any program reads. */
const longestNumber = 4_300
/** Characters of the longest escape, `\\u0000`. */
const longestEscape = 6
/** Characters of rows that are copied in one turn. */
const copiedInTurn = 65_536
/** Keys that are remembered, and the characters of each: the objects of a text are mostly alike. */
const remembered = { keys: 1_000, characters: 64 } as const

/** Goes through the words of one JSON text, in a time and a memory that its length bounds. Throws Refusal 'malformed', never echoing the text. */
export class JsonScanner extends TextWindow {
  readonly #allowNaN: boolean
  readonly #keys = new Map<string, string>()
  readonly #rows = new RowFinder()

  constructor(text: TextParts, allowNaN: boolean) {
    super(text)
    this.#allowNaN = allowNaN
  }

  /** The code of the next character; NaN at the end. */
  get next(): number {
    return this.window.charCodeAt(this.offset)
  }

  get isAtEnd(): boolean {
    return this.isLast && this.offset >= this.window.length
  }

  /** Passes over the next character. */
  step(): void {
    this.offset++
  }

  /** Passes over white space: the whole of the word that follows is at hand then. */
  skipSpace(): void {
    for (;;) {
      const code = this.next
      if (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) this.offset++
      else if (!this.refill()) return
    }
  }

  /** A key of an object: one string for all that are alike. */
  readKey(): string {
    if (this.next !== 0x22) this.refuse('a quoted key is expected')
    const key = this.readString()
    if (key.length > remembered.characters) return key
    const known = this.#keys.get(key)
    if (known === undefined && this.#keys.size < remembered.keys) this.#keys.set(key, key)
    return known ?? key
  }

  readString(): string {
    const at = this.at
    const escaped = this.skipString()
    const [start, end] = [at - this.before, this.offset]
    if (!escaped) return this.window.slice(start + 1, end - 1)
    // Put together here, each escape would cost tens of bytes.
    const value: unknown = JSON.parse(this.window.slice(start, end))
    if (typeof value !== 'string' || !value.isWellFormed()) this.refuse('a string contains half of a surrogate pair', at + 1)
    return value
  }

  /** Passes over a string; whether there are escapes in it. */
  skipString(): boolean {
    let escaped = false
    // Characters of it that have been looked at.
    let looked = 1
    do {
      const text = this.window
      // Up to the first escape, which most strings do not have, a pattern is five times faster than looking at each letter.
      let at = this.offset + looked
      if (!escaped) at = this.#endOf(plain, at) ?? at
      for (; at < text.length; at++) {
        const code = text.charCodeAt(at)
        if (code === 0x22) {
          this.offset = at + 1
          return escaped
        }
        if (code < 0x20) this.refuse('a string contains an unescaped control character', this.before + at)
        if (code !== 0x5c) continue
        if (at + longestEscape > text.length && !this.isLast) break
        escaped = true
        at += this.#lengthOfEscape(at)
      }
      looked = at - this.offset
    } while (this.extend())
    return this.refuse('a string is not closed')
  }

  #lengthOfEscape(at: number): number {
    const letter = this.window[at + 1] ?? ''
    if (letter !== 'u')
      return letter !== '' && escapes.includes(letter) ? 1 : this.refuse('a string contains an unknown escape', this.before + at)
    if (!fourHexDigits.test(this.window.slice(at + 2, at + 6)))
      this.refuse('a \\u escape needs four hexadecimal digits', this.before + at)
    return 5
  }

  readNumber(): JsonNumber {
    const start = this.offset
    this.skipNumber()
    return new JsonNumber(this.window.slice(start, this.offset))
  }

  skipNumber(): void {
    const end = this.#endOf(number) ?? (this.#allowNaN ? this.#endOf(notFinite) : undefined) ?? this.refuse('a value is expected')
    if (end - this.offset > longestNumber) this.refuse(`a number has more than ${longestNumber} digits`)
    this.offset = end
  }

  /**
   * Passes over a list of which every row fits a pattern: gives its text, in parts, and the number of its rows. Null for any other value, for an
   * empty list and for more rows than `most`, and nothing is passed over.
   */
  *copyList(row: RegExp, most: number): Turns<{ readonly parts: readonly string[]; readonly rows: number } | null> {
    this.startCopy()
    let rests = this.at + copiedInTurn
    for (let rows = 1; rows <= most && this.#passRow(row); rows++) {
      if (this.next === 0x5d) {
        this.step()
        return { parts: this.endCopy(), rows }
      }
      if (this.at < rests) continue
      yield
      rests = this.at + copiedInTurn
    }
    this.undoCopy()
    return null
  }

  /** Passes over the bracket or comma before a row, and the row; whether there is one that fits. */
  #passRow(row: RegExp): boolean {
    if (this.next !== 0x5b && this.next !== 0x2c) return false
    this.step()
    this.skipSpace()
    const end = this.#rows.endOf(row, this.window, this.offset)
    if (end === undefined) return false
    this.offset = end
    this.skipSpace()
    return true
  }

  /** Passes over what a sticky pattern finds here, if it has no more characters than a row may have, or `most`: gives it and its groups. */
  passPattern(pattern: RegExp, most: number): RegExpExecArray | null {
    const found = this.#rows.find(pattern, this.window, this.offset, most)
    this.offset += found?.[0].length ?? 0
    return found
  }

  #endOf(pattern: RegExp, at = this.offset): number | undefined {
    pattern.lastIndex = at
    return pattern.test(this.window) ? pattern.lastIndex : undefined
  }

  /** true, false or null; undefined where none of them may be next. */
  readWord(): boolean | null | undefined {
    switch (this.next) {
      case 0x74: // t
        return this.#passWord('true', true)
      case 0x66: // f
        return this.#passWord('false', false)
      case 0x6e: // n
        return this.#passWord('null', null)
      default:
        return undefined
    }
  }

  #passWord<Value extends boolean | null>(word: string, value: Value): Value {
    if (!this.window.startsWith(word, this.offset)) this.refuse('a value is expected')
    this.offset += word.length
    return value
  }

  refuse(problem: string, at = this.at): never {
    throw new Refusal('malformed', `The JSON is not valid at character ${at}: ${problem}.`)
  }
}
