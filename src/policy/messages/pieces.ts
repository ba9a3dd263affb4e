/** Pieces that are joined at once. */
const atOnce = 4_096
/** Characters of a piece that is a part by itself: joining would only copy it. */
const large = 1_024

/** One text of many small pieces. Put together one after the other, each would cost tens of bytes until the text is used. */
export class Pieces {
  #waiting: string[] = []
  readonly #parts: string[] = []

  add(piece: string): void {
    if (piece.length >= large) {
      this.#join()
      this.#parts.push(piece)
      return
    }
    this.#waiting.push(piece)
    if (this.#waiting.length >= atOnce) this.#join()
  }

  /** All pieces: the small ones by the thousand, and each large one. */
  get parts(): readonly string[] {
    this.#join()
    return this.#parts
  }

  /** All pieces together. */
  get text(): string {
    const [first = '', ...more] = this.parts
    return more.length === 0 ? first : [first, ...more].join('')
  }

  #join(): void {
    if (this.#waiting.length === 0) return
    this.#parts.push(this.#waiting.join(''))
    this.#waiting = []
  }
}
