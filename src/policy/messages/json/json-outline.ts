import { JsonScanner } from './json-scanner.ts'
import type { TextParts } from './text-window.ts'

/** Goes through the outline of one JSON text: its brackets, colons and commas. Throws as the scanner. */
export class JsonOutline extends JsonScanner {
  #depth = 0
  readonly #maxDepth: number

  constructor(text: TextParts, allowNaN: boolean, maxDepth: number) {
    super(text, allowNaN)
    this.#maxDepth = maxDepth
  }

  /** How many levels there may be inside this one. */
  get levelsLeft(): number {
    return this.#maxDepth - this.#depth
  }

  /** Passes over an opening bracket. */
  open(): void {
    if (++this.#depth > this.#maxDepth) this.refuse(`it is nested more than ${this.#maxDepth} levels deep`)
    this.step()
    this.skipSpace()
  }

  /** Passes over a closing bracket, if one is next. */
  closes(bracket: number): boolean {
    if (this.next !== bracket) return false
    this.step()
    this.#depth--
    return true
  }

  /** Passes over the comma or the closing bracket that follows an item: whether another follows. */
  continues(bracket: number): boolean {
    this.skipSpace()
    if (this.closes(bracket)) return false
    if (this.next !== 0x2c) this.refuse('a comma or a closing bracket is expected')
    this.step()
    return true
  }

  /** Where the next key starts. */
  startMember(): number {
    this.skipSpace()
    if (this.next !== 0x22) this.refuse('a quoted key is expected')
    return this.at
  }

  passColon(): void {
    this.skipSpace()
    if (this.next !== 0x3a) this.refuse('a colon is expected')
    this.step()
    this.skipSpace()
  }

  /** Passes over a value without holding it. */
  skipValue(): void {
    const { next } = this
    if (next === 0x22) this.skipString()
    else if (next === 0x7b) this.#skipItems(0x7d)
    else if (next === 0x5b) this.#skipItems(0x5d)
    else if (this.readWord() === undefined) this.skipNumber()
  }

  #skipItems(bracket: 0x7d | 0x5d): void {
    this.open()
    if (this.closes(bracket)) return
    do {
      if (bracket === 0x5d) this.skipSpace()
      else {
        this.startMember()
        this.skipString()
        this.passColon()
      }
      this.skipValue()
    } while (this.continues(bracket))
  }
}
