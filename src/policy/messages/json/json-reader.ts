import { atOnce, type Turns } from '../../turns.ts'
import type { CopiedLists, RowPattern } from './copied-lists.ts'
import { type Json, PrintedJson } from './json.ts'
import { escapedCost, jsonCosts, skimmedCosts } from './json-costs.ts'
import type { JsonLimits } from './json-limits.ts'
import { JsonOutline } from './json-outline.ts'
import { type OpenContainer, OpenList, OpenObject, OpenPrintedList } from './open-containers.ts'
import { type SkimmedObject, skim } from './skimmed-object.ts'
import type { TextParts } from './text-window.ts'

/** Characters that are read in one turn, unless one word is longer. */
const readInTurn = 16_384
/** Bytes of memory that are taken in one turn, unless one word takes more. */
const takenInTurn = 65_536
/** Characters of a skimmed row for which one value is counted: rows have that many, or more. */
const charactersEach = 32
/** Rows in a row that cannot be skimmed, after which no other of their list is tried. */
const mostMisses = 8

/** A reader of one RFC 8259 text. It does not recur: it may rest at any depth. Throws Refusal 'malformed', never echoing the text. */
export class JsonReader {
  readonly #text: JsonOutline
  readonly #limits: JsonLimits
  readonly #maxKeys: number
  #keys = 0
  /** Bytes of memory that all values so far take, which are not gone again. */
  #taken = 0
  /** The innermost container. */
  #open: OpenContainer | null = null

  constructor(text: TextParts, limits: JsonLimits) {
    const { maxDepth = 64, maxKeys = 100_000, allowNaN = false } = limits
    this.#text = new JsonOutline(text, allowNaN, maxDepth)
    this.#limits = limits
    this.#maxKeys = maxKeys
  }

  *readText(): Turns<Json> {
    const text = this.#text
    text.skipSpace()
    let value = this.#startValue(this.#limits.copied)
    for (let [rests, charges] = [readInTurn, takenInTurn]; ; ) {
      const open = this.#open
      // Of a container that has begun, or goes on, the next item is read; what has been read whole belongs into the innermost one.
      if (value === undefined) {
        const rows = this.#startItem(open)
        value = (rows === undefined ? null : yield* this.#copyList(rows)) ?? this.#startItemValue(open)
      } else if (open === null) {
        text.skipSpace()
        return text.isAtEnd ? value : text.refuse('there is text after the end of the value')
      } else {
        open.add(value)
        value = text.continues(open.bracket) ? undefined : this.#leave(open)
      }
      if (text.at < rests && this.#taken < charges) continue
      yield this.#taken
      rests = text.at + readInTurn
      charges = this.#taken + takenInTurn
    }
  }

  /** Passes what stands before an item's value: gives the rows that the value has if it may be copied. */
  #startItem(open: OpenContainer | null): RowPattern | undefined {
    if (open instanceof OpenObject) return this.#startMember(open)
    this.#text.skipSpace()
    // What is printed is bounded item by item, and each is gone when it is printed.
    if (open instanceof OpenPrintedList) {
      this.#keys = 0
      this.#taken = open.taken
    } else this.#count(this.#text.at)
    return undefined
  }

  #startMember(object: OpenObject): RowPattern | undefined {
    const start = this.#text.startMember()
    const key = this.#text.readKey()
    if (object.has(key)) this.#text.refuse('a key of this object is repeated', start)
    this.#text.passColon()
    object.start(key)
    if (object.key === null) return undefined
    this.#count(start)
    this.#taken += jsonCosts.separator
    return object.copied?.lists.get(key)
  }

  #startItemValue(open: OpenContainer | null): Json | undefined {
    if (open instanceof OpenList) return this.#skim(open) ?? this.#startValue(open.copied)
    if (!(open instanceof OpenObject)) return this.#startValue(open?.copied)
    const { key, copied } = open
    if (key !== null) return this.#startValue(copied?.inside.get(key), open.printed?.get(key))
    this.#text.skipValue()
    return null
  }

  /** A value; undefined for a container with something in it: that is the innermost one then. `print`: what prints items of a list. */
  #startValue(copied?: CopiedLists, print?: (item: Json) => Json): Json | undefined {
    switch (this.#text.next) {
      case 0x22: // "
        return this.#readString()
      case 0x7b: // {
        return this.#enter(new OpenObject(this.#open, copied, this.#limits))
      case 0x5b: // [
        return this.#enter(
          print === undefined ? new OpenList(this.#open, copied) : new OpenPrintedList(this.#open, print, this.#taken),
        )
      default: {
        const word = this.#text.readWord()
        return word === undefined ? this.#text.readNumber() : word
      }
    }
  }

  #readString(): string {
    const start = this.#text.at
    const value = this.#text.readString()
    const length = this.#text.at - start
    if (value.length + 2 < length) this.#taken += length * escapedCost
    return value
  }

  /** Whether the items of a list that is the next value would be printed, and so are not counted. */
  get #isPrinted(): boolean {
    const open = this.#open
    return open instanceof OpenObject && open.key !== null && open.printed?.has(open.key) === true
  }

  #enter(container: OpenContainer): Json | undefined {
    this.#text.open()
    this.#taken += jsonCosts.bracket
    if (this.#text.closes(container.bracket)) return container.close()
    this.#open = container
    return undefined
  }

  #leave(container: OpenContainer): Json {
    this.#open = container.outer
    return container.close()
  }

  /** Null for a list that has to be read, and for what is none. */
  *#copyList({ pattern, values }: RowPattern): Turns<PrintedJson | null> {
    // Its brackets and those of its rows are two levels.
    if (this.#text.levelsLeft < 2) return null
    const most = this.#isPrinted ? Number.POSITIVE_INFINITY : (this.#maxKeys - this.#keys) / values
    const list = yield* this.#text.copyList(pattern, most)
    if (list === null) return null
    if (!this.#isPrinted) this.#keys += list.rows * values
    return new PrintedJson(list.parts)
  }

  /** The row of a list that is the next value, where it may be skimmed; undefined for one that has to be read. */
  #skim(list: OpenList): SkimmedObject | undefined {
    const row = list.copied?.row
    if (row === undefined || list.misses >= mostMisses || this.#text.levelsLeft < row.levels) return undefined
    const most = (this.#maxKeys - this.#keys) * charactersEach
    const found = this.#text.passPattern(row.pattern, most)
    list.misses = found === null ? list.misses + 1 : 0
    if (found === null) return undefined
    this.#keys += Math.ceil(found[0].length / charactersEach)
    const object = skim(found, row, (text) => this.#readRow(text))
    this.#taken += skimmedCosts.object + object.charactersRead * skimmedCosts.character
    return object
  }

  #readRow(text: string): Json {
    const { copied: _, printed: __, members: ___, ...limits } = this.#limits
    return atOnce(new JsonReader(text, limits).readText())
  }

  // A value costs some hundred times the memory of its text.
  #count(at: number): void {
    this.#taken += jsonCosts.separator
    if (++this.#keys > this.#maxKeys) this.#text.refuse(`there are more than ${this.#maxKeys} keys and items`, at)
  }
}
