import type { Turns } from '../../turns.ts'
import type { CopiedLists, RowPattern } from './copied-lists.ts'
import { type Json, PrintedJson } from './json.ts'
import type { JsonLimits } from './json-limits.ts'
import { JsonOutline } from './json-outline.ts'
import { type OpenContainer, OpenList, OpenObject, OpenPrintedList } from './open-containers.ts'

/** Characters that are read in one turn, unless one word is longer. */
const readInTurn = 16_384

/** A reader of one RFC 8259 text. It does not recur: it may rest at any depth. Throws Refusal 'malformed', never echoing the text. */
export class JsonReader {
  readonly #text: JsonOutline
  readonly #limits: JsonLimits
  readonly #maxKeys: number
  #keys = 0
  /** The innermost container. */
  #open: OpenContainer | null = null

  constructor(text: string, limits: JsonLimits) {
    const { maxDepth = 64, maxKeys = 100_000, allowNaN = false } = limits
    this.#text = new JsonOutline(text, allowNaN, maxDepth)
    this.#limits = limits
    this.#maxKeys = maxKeys
  }

  *readText(): Turns<Json> {
    const text = this.#text
    text.skipSpace()
    let value = this.#startValue(this.#limits.copied)
    for (let rests = readInTurn; ; ) {
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
      if (text.at < rests) continue
      yield
      rests = text.at + readInTurn
    }
  }

  /** Passes what stands before an item's value: gives the rows that the value has if it may be copied. */
  #startItem(open: OpenContainer | null): RowPattern | undefined {
    if (open instanceof OpenObject) return this.#startMember(open)
    this.#text.skipSpace()
    // What is printed is bounded item by item, and each is gone when it is printed.
    if (open instanceof OpenPrintedList) this.#keys = 0
    else this.#count(this.#text.at)
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
    return object.copied?.lists.get(key)
  }

  #startItemValue(open: OpenContainer | null): Json | undefined {
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
        return this.#text.readString()
      case 0x7b: // {
        return this.#enter(new OpenObject(this.#open, copied, this.#limits))
      case 0x5b: // [
        return this.#enter(print === undefined ? new OpenList(this.#open, copied) : new OpenPrintedList(this.#open, print))
      default: {
        const word = this.#text.readWord()
        return word === undefined ? this.#text.readNumber() : word
      }
    }
  }

  /** Whether the items of a list that is the next value would be printed, and so are not counted. */
  get #isPrinted(): boolean {
    const open = this.#open
    return open instanceof OpenObject && open.key !== null && open.printed?.has(open.key) === true
  }

  #enter(container: OpenContainer): Json | undefined {
    this.#text.open()
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
    return new PrintedJson([list.text])
  }

  // A value costs some hundred times the memory of its text.
  #count(at: number): void {
    if (++this.#keys > this.#maxKeys) this.#text.refuse(`there are more than ${this.#maxKeys} keys and items`, at)
  }
}
