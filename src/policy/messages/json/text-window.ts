import { Refusal } from '../../reasons.ts'

/** Characters of a row that is copied: what may be longer is read, and measured. */
export const longestRow = 65_536
/** Characters that are at hand wherever a word begins, where the text goes on so far. */
const atHand = longestRow + 1

/** A text, or the parts of a long one, of which none ends within a character. */
export type TextParts = string | readonly string[]

/**
 * Goes through a text of which only a window is at hand, so that the parts of a long one need not be put together: that would be one piece of
 * work. The window is one part after the other, and between two of them a copy of what is around their seam. All of a word is at hand where it begins,
 * unless it is a string. Throws Refusal 'malformed' for half of a surrogate pair.
 */
export class TextWindow {
  protected window: string
  /** Where in the window the next character stands. */
  protected offset = 0
  /** How many characters of the text are before the window. */
  protected before = 0
  /** The parts after the window, the next one last. */
  readonly #rest: string[]
  /** The part that begins in the window at a seam, if there is one. */
  #following: string | null = null
  #seam = 0
  /** From here on, there may be too little at hand for a word. */
  #refillFrom = 0
  /** What has been passed of a text that is copied, and where in the window the rest of it begins. */
  #copied: string[] | null = null
  #copiedTo = 0

  constructor(text: TextParts) {
    this.#rest = typeof text === 'string' ? [text] : text.toReversed()
    this.window = this.#nextPart() ?? ''
    this.#measure()
  }

  /** Where in the text the next character stands. */
  get at(): number {
    return this.before + this.offset
  }

  protected get isLast(): boolean {
    return this.#following === null && this.#rest.length === 0
  }

  /** Has the longest word at hand, if the text goes on so far; whether the window is another one then. */
  protected refill(): boolean {
    if (this.offset < this.#refillFrom) return false
    this.#move(2 * atHand)
    return true
  }

  /** Has twice as much at hand as before; whether there was more. */
  protected extend(): boolean {
    if (this.isLast) return false
    this.#move(2 * (this.window.length - this.offset))
    return true
  }

  /** Moves the window to what has not been passed. */
  #move(least: number): void {
    this.#copied?.push(this.window.slice(this.#copiedTo, this.offset))
    this.#leaveSeam()
    if (this.window.length - this.offset < least) this.#join(least)
    this.#copiedTo = this.offset
    this.#measure()
  }

  #leaveSeam(): void {
    if (this.#following === null) return
    if (this.offset < this.#seam) {
      this.#rest.push(this.#following)
      this.window = this.window.slice(0, this.#seam)
    } else {
      this.window = this.#following
      this.before += this.#seam
      this.offset -= this.#seam
    }
    this.#following = null
  }

  #join(least: number): void {
    const parts = [this.window.slice(this.offset)]
    this.before += this.offset
    let length = this.window.length - this.offset
    this.offset = 0
    while (length < least) {
      const part = this.#nextPart()
      if (part === undefined) break
      if (part.length >= 2 * least && length < atHand) {
        this.#following = part
        this.#seam = length
        parts.push(part.slice(0, least))
        break
      }
      parts.push(part)
      length += part.length
    }
    this.window = parts.join('')
  }

  #nextPart(): string | undefined {
    const part = this.#rest.pop()
    if (part?.isWellFormed() === false)
      throw new Refusal('malformed', 'The JSON contains half of a surrogate pair: send valid Unicode.')
    return part
  }

  #measure(): void {
    if (this.#following !== null) this.#refillFrom = this.#seam
    else this.#refillFrom = this.isLast ? Number.POSITIVE_INFINITY : this.window.length - longestRow
  }

  /** From here on the text is kept. */
  protected startCopy(): void {
    this.#copied = []
    this.#copiedTo = this.offset
  }

  /** The text since `startCopy`, in parts. */
  protected endCopy(): readonly string[] {
    const copied = [...(this.#copied ?? []), this.window.slice(this.#copiedTo, this.offset)]
    this.#copied = null
    return copied
  }

  /** Goes back to where the copy began. */
  protected undoCopy(): void {
    const copied = this.#copied ?? []
    this.#copied = null
    this.offset = this.#copiedTo
    if (copied.length === 0) return
    this.#leaveSeam()
    this.#rest.push(this.window.slice(this.offset), ...copied.toReversed())
    this.before += this.offset - copied.reduce((sum, part) => sum + part.length, 0)
    ;[this.window, this.offset] = ['', 0]
    this.#move(2 * atHand)
  }
}
