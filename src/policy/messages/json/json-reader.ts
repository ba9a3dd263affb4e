import { Pieces } from '../pieces.ts'
import type { CopiedLists, RowPattern } from './copied-lists.ts'
import { type Json, type JsonObject, PrintedJson } from './json.ts'
import { printJson } from './json-printer.ts'
import { JsonScanner } from './json-scanner.ts'

/** How much JSON is accepted: nesting of arrays and objects, members and items of all of them together, bare NaN and Infinity. */
export interface JsonLimits {
  readonly maxDepth?: number
  readonly maxKeys?: number
  readonly allowNaN?: boolean
  /** Of each object in a list that is the whole text, only these members are kept. The others are neither counted nor held in memory. */
  readonly members?: ReadonlySet<string>
  /**
   * Lists that are members of an object that is the whole text. Each item is printed as soon as it is read, so that such a list takes as much
   * memory as its text; it is not counted.
   */
  readonly printed?: ReadonlyMap<string, (item: Json) => Json>
  /** Lists that are copied where all their rows allow it. They are counted, but where they would be printed. */
  readonly copied?: CopiedLists
}

/** For all objects of which no member is kept: there may be many. */
const nothing: JsonObject = new Map()

/** A reader of one RFC 8259 text; its recursion is bounded by `maxDepth`. Throws Refusal 'malformed', never echoing the text. */
export class JsonReader {
  #depth = 0
  #keys = 0
  readonly #scanner: JsonScanner
  readonly #members: JsonLimits['members']
  readonly #printed: JsonLimits['printed']
  readonly #copied: JsonLimits['copied']
  readonly #maxDepth: number
  readonly #maxKeys: number

  constructor(text: string, { maxDepth = 64, maxKeys = 100_000, allowNaN = false, members, printed, copied }: JsonLimits) {
    this.#scanner = new JsonScanner(text, allowNaN)
    this.#members = members
    this.#printed = printed
    this.#copied = copied
    this.#maxDepth = maxDepth
    this.#maxKeys = maxKeys
  }

  readText(): Json {
    this.#scanner.skipSpace()
    const value = this.#readValue(this.#copied)
    this.#scanner.skipSpace()
    if (!this.#scanner.isAtEnd) this.#scanner.refuse('there is text after the end of the value')
    return value
  }

  #readValue(copied?: CopiedLists): Json {
    switch (this.#scanner.next) {
      case 0x22: // "
        return this.#scanner.readString()
      case 0x7b: // {
        return this.#readObject(copied)
      case 0x5b: // [
        return this.#readArray(copied)
      case 0x74: // t
        return this.#scanner.readWord('true', true)
      case 0x66: // f
        return this.#scanner.readWord('false', false)
      case 0x6e: // n
        return this.#scanner.readWord('null', null)
      default:
        return this.#scanner.readNumber()
    }
  }

  #readObject(copied: CopiedLists | undefined): JsonObject {
    const object: JsonObject = new Map()
    const kept = this.#depth === 1 ? this.#members : undefined
    const printed = this.#depth === 0 ? this.#printed : undefined
    this.#open()
    if (this.#closes(0x7d)) return object
    do {
      const start = this.#startMember()
      const key = this.#scanner.readKey()
      if (object.has(key)) this.#scanner.refuse('a key of this object is repeated', start)
      this.#passColon()
      if (kept !== undefined && !kept.has(key)) this.#skipValue()
      else {
        this.#count(start)
        const inside = copied?.inside.get(key)
        const print = this.#scanner.next === 0x5b ? printed?.get(key) : undefined
        const text = this.#copyList(copied?.lists.get(key), print === undefined)
        object.set(key, text ?? (print === undefined ? this.#readValue(inside) : this.#printArray(print)))
      }
    } while (this.#continues(0x7d))
    return kept !== undefined && object.size === 0 ? nothing : object
  }

  #readArray(copied: CopiedLists | undefined): Json[] {
    const array: Json[] = []
    this.#open()
    if (this.#closes(0x5d)) return array
    do {
      this.#scanner.skipSpace()
      this.#count(this.#scanner.at)
      array.push(this.#readValue(copied))
    } while (this.#continues(0x5d))
    return array
  }

  #printArray(print: (item: Json) => Json): PrintedJson {
    this.#open()
    if (this.#closes(0x5d)) return new PrintedJson(['[]'])
    const pieces = new Pieces()
    let before = '['
    do {
      this.#scanner.skipSpace()
      // Each item is bounded by itself, and gone when it is printed.
      this.#keys = 0
      pieces.add(before + printJson(print(this.#readValue())))
      before = ','
    } while (this.#continues(0x5d))
    pieces.add(']')
    return new PrintedJson(pieces.parts)
  }

  /** Null for a list that has to be read, and for what is none. */
  #copyList(rows: RowPattern | undefined, isCounted: boolean): PrintedJson | null {
    // Its brackets and those of its rows are two levels.
    if (rows === undefined || this.#depth + 2 > this.#maxDepth) return null
    const { pattern, values } = rows
    const list = this.#scanner.copyList(pattern, isCounted ? (this.#maxKeys - this.#keys) / values : Number.POSITIVE_INFINITY)
    if (list === null) return null
    if (isCounted) this.#keys += list.rows * values
    return new PrintedJson([list.text])
  }

  /** Passes over a value without holding it. */
  #skipValue(): void {
    const { next } = this.#scanner
    if (next === 0x22) this.#scanner.skipString()
    else if (next === 0x7b) this.#skipItems(0x7d)
    else if (next === 0x5b) this.#skipItems(0x5d)
    else if (next === 0x74 || next === 0x66 || next === 0x6e) this.#readValue()
    else this.#scanner.skipNumber()
  }

  #skipItems(bracket: 0x7d | 0x5d): void {
    this.#open()
    if (this.#closes(bracket)) return
    do {
      if (bracket === 0x5d) this.#scanner.skipSpace()
      else {
        this.#startMember()
        this.#scanner.skipString()
        this.#passColon()
      }
      this.#skipValue()
    } while (this.#continues(bracket))
  }

  #startMember(): number {
    this.#scanner.skipSpace()
    if (this.#scanner.next !== 0x22) this.#scanner.refuse('a quoted key is expected')
    return this.#scanner.at
  }

  #passColon(): void {
    this.#scanner.skipSpace()
    if (this.#scanner.next !== 0x3a) this.#scanner.refuse('a colon is expected')
    this.#scanner.step()
    this.#scanner.skipSpace()
  }

  // A value costs some hundred times the memory of its text.
  #count(at: number): void {
    if (++this.#keys > this.#maxKeys) this.#scanner.refuse(`there are more than ${this.#maxKeys} keys and items`, at)
  }

  #open(): void {
    if (++this.#depth > this.#maxDepth) this.#scanner.refuse(`it is nested more than ${this.#maxDepth} levels deep`)
    this.#scanner.step()
    this.#scanner.skipSpace()
  }

  #closes(bracket: number): boolean {
    if (this.#scanner.next !== bracket) return false
    this.#scanner.step()
    this.#depth--
    return true
  }

  #continues(bracket: number): boolean {
    this.#scanner.skipSpace()
    if (this.#closes(bracket)) return false
    if (this.#scanner.next !== 0x2c) this.#scanner.refuse('a comma or a closing bracket is expected')
    this.#scanner.step()
    return true
  }
}
