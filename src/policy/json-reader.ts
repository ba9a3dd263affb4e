import { type Json, JsonNumber, type JsonObject } from './json.ts'
import { Refusal } from './reasons.ts'

/** How much JSON is accepted: nesting of arrays and objects, members and items of all of them together, bare NaN and Infinity. */
export interface JsonLimits {
  maxDepth?: number
  maxKeys?: number
  allowNaN?: boolean
}

const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const notFinite = /NaN|-?Infinity/y
const loneSurrogate = /\p{Surrogate}/u
const fourHexDigits = /^[0-9a-fA-F]{4}$/
const escapes = new Map(Object.entries({ '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }))

/** A reader of one RFC 8259 text; its recursion is bounded by `maxDepth`. Throws Refusal 'malformed', never echoing the text. */
export class JsonReader {
  #at = 0
  #depth = 0
  #keys = 0
  readonly #text: string
  readonly #maxDepth: number
  readonly #maxKeys: number
  readonly #allowNaN: boolean

  constructor(text: string, { maxDepth = 64, maxKeys = 100_000, allowNaN = false }: JsonLimits) {
    this.#text = text
    this.#maxDepth = maxDepth
    this.#maxKeys = maxKeys
    this.#allowNaN = allowNaN
  }

  readText(): Json {
    if (loneSurrogate.test(this.#text))
      throw new Refusal('malformed', 'The JSON holds half of a surrogate pair: send valid Unicode.')
    this.#skipSpace()
    const value = this.#readValue()
    this.#skipSpace()
    if (this.#at < this.#text.length) this.#refuse('something follows the end of the value')
    return value
  }

  #readValue(): Json {
    switch (this.#text.charCodeAt(this.#at)) {
      case 0x22: // "
        return this.#readString()
      case 0x7b: // {
        return this.#readObject()
      case 0x5b: // [
        return this.#readArray()
      case 0x74: // t
        return this.#readWord('true', true)
      case 0x66: // f
        return this.#readWord('false', false)
      case 0x6e: // n
        return this.#readWord('null', null)
      default:
        return this.#readNumber()
    }
  }

  #readObject(): JsonObject {
    const object: JsonObject = new Map()
    this.#open()
    if (this.#closes(0x7d)) return object
    do {
      this.#skipSpace()
      if (this.#text.charCodeAt(this.#at) !== 0x22) this.#refuse('a quoted key is expected')
      const start = this.#at
      const key = this.#readString()
      if (object.has(key)) this.#refuse('a key of this object is repeated', start)
      this.#count(start)
      this.#skipSpace()
      if (this.#text.charCodeAt(this.#at) !== 0x3a) this.#refuse('a colon is expected')
      this.#at++
      this.#skipSpace()
      object.set(key, this.#readValue())
    } while (this.#continues(0x7d))
    return object
  }

  #readArray(): Json[] {
    const array: Json[] = []
    this.#open()
    if (this.#closes(0x5d)) return array
    do {
      this.#skipSpace()
      this.#count(this.#at)
      array.push(this.#readValue())
    } while (this.#continues(0x5d))
    return array
  }

  // A value costs some hundred times the memory of its text.
  #count(at: number): void {
    if (++this.#keys > this.#maxKeys) this.#refuse(`there are more than ${this.#maxKeys} keys and items`, at)
  }

  #open(): void {
    if (++this.#depth > this.#maxDepth) this.#refuse(`it is nested more than ${this.#maxDepth} levels deep`)
    this.#at++
    this.#skipSpace()
  }

  #closes(bracket: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== bracket) return false
    this.#at++
    this.#depth--
    return true
  }

  #continues(bracket: number): boolean {
    this.#skipSpace()
    if (this.#closes(bracket)) return false
    if (this.#text.charCodeAt(this.#at) !== 0x2c) this.#refuse('a comma or a closing bracket is expected')
    this.#at++
    return true
  }

  #readString(): string {
    const text = this.#text
    const start = this.#at + 1
    for (let at = start; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === 0x22) {
        this.#at = at + 1
        return text.slice(start, at)
      }
      if (code === 0x5c) return this.#readEscaped(start, at)
      if (code < 0x20) this.#refuse('a string holds an unescaped control character', at)
    }
    return this.#refuse('a string does not end', this.#at)
  }

  #readEscaped(start: number, firstEscape: number): string {
    const text = this.#text
    let from = start
    let value = ''
    for (let at = firstEscape; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === 0x22) {
        this.#at = at + 1
        value += text.slice(from, at)
        return loneSurrogate.test(value) ? this.#refuse('a string holds half of a surrogate pair', start) : value
      }
      if (code < 0x20) this.#refuse('a string holds an unescaped control character', at)
      if (code !== 0x5c) continue
      value += text.slice(from, at) + this.#unescape(at)
      at += text[at + 1] === 'u' ? 5 : 1
      from = at + 1
    }
    return this.#refuse('a string does not end', start - 1)
  }

  #unescape(at: number): string {
    const letter = this.#text[at + 1] ?? ''
    if (letter !== 'u') return escapes.get(letter) ?? this.#refuse('a string holds an unknown escape', at)
    const digits = this.#text.slice(at + 2, at + 6)
    if (!fourHexDigits.test(digits)) this.#refuse('a \\u escape needs four hexadecimal digits', at)
    return String.fromCharCode(Number.parseInt(digits, 16))
  }

  #readNumber(): JsonNumber {
    const found = this.#match(number) ?? (this.#allowNaN ? this.#match(notFinite) : undefined)
    return found === undefined ? this.#refuse('a value is expected') : new JsonNumber(found)
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    if (!pattern.test(this.#text)) return undefined
    const found = this.#text.slice(this.#at, pattern.lastIndex)
    this.#at = pattern.lastIndex
    return found
  }

  #readWord<Value extends boolean | null>(word: string, value: Value): Value {
    if (!this.#text.startsWith(word, this.#at)) this.#refuse('a value is expected')
    this.#at += word.length
    return value
  }

  #skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      this.#at++
    }
  }

  #refuse(problem: string, at = this.#at): never {
    throw new Refusal('malformed', `The JSON is not valid at character ${at}: ${problem}.`)
  }
}
