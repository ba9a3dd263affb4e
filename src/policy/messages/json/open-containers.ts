import { Pieces } from '../pieces.ts'
import type { CopiedLists } from './copied-lists.ts'
import { type Json, type JsonObject, PrintedJson } from './json.ts'
import type { JsonLimits } from './json-limits.ts'
import { printJson } from './json-printer.ts'

/** An object or a list whose end has not come. */
export type OpenContainer = OpenObject | OpenList | OpenPrintedList

/** For all objects of which no member is kept: there may be many. */
const nothing: JsonObject = new Map()

export class OpenObject {
  readonly bracket = 0x7d
  readonly outer: OpenContainer | null
  readonly copied: CopiedLists | undefined
  readonly printed: JsonLimits['printed']
  readonly #members: JsonLimits['members']
  readonly #object: JsonObject = new Map()
  #key: string | null = null

  constructor(outer: OpenContainer | null, copied: CopiedLists | undefined, { printed, members }: JsonLimits) {
    this.outer = outer
    this.copied = copied
    this.printed = outer === null ? printed : undefined
    this.#members = outer?.outer === null ? members : undefined
  }

  has(key: string): boolean {
    return this.#object.has(key)
  }

  /** The member that is read; null if it is passed over. */
  get key(): string | null {
    return this.#key
  }

  start(key: string): void {
    this.#key = this.#members === undefined || this.#members.has(key) ? key : null
  }

  add(value: Json): void {
    if (this.#key !== null) this.#object.set(this.#key, value)
  }

  close(): JsonObject {
    return this.#members !== undefined && this.#object.size === 0 ? nothing : this.#object
  }
}

export class OpenList {
  readonly bracket = 0x5d
  readonly outer: OpenContainer | null
  /** The lists in its items that may be copied. */
  readonly copied: CopiedLists | undefined
  /** Its last rows that could not be skimmed. */
  misses = 0
  readonly #items: Json[] = []

  constructor(outer: OpenContainer | null, copied: CopiedLists | undefined) {
    this.outer = outer
    this.copied = copied
  }

  add(item: Json): void {
    this.#items.push(item)
  }

  close(): Json[] {
    return this.#items
  }
}

/** A list whose items are printed when they have been read. */
export class OpenPrintedList {
  readonly bracket = 0x5d
  readonly outer: OpenContainer | null
  readonly copied = undefined
  /** Bytes of memory that were taken when it began: what its items take is gone when they are printed. */
  readonly taken: number
  readonly #print: (item: Json) => Json
  readonly #pieces = new Pieces()
  #before = '['

  constructor(outer: OpenContainer | null, print: (item: Json) => Json, taken: number) {
    this.outer = outer
    this.taken = taken
    this.#print = print
  }

  add(item: Json): void {
    this.#pieces.add(this.#before + printJson(this.#print(item)))
    this.#before = ','
  }

  close(): PrintedJson {
    this.#pieces.add(this.#before === '[' ? '[]' : ']')
    return new PrintedJson(this.#pieces.parts)
  }
}
