/** Pieces that are joined at once. */
const atOnce = 4_096

/** One text of many small pieces. Put together one after the other, each would cost tens of bytes until the text is used. */
export class Pieces {
  #waiting: string[] = []
  readonly #parts: string[] = []

  add(piece: string): void {
    this.#waiting.push(piece)
    if (this.#waiting.length >= atOnce) this.#join()
  }

  /** All pieces, some thousand in each part. */
  get parts(): readonly string[] {
    this.#join()
    return this.#parts
  }

  /** All pieces together. */
  get text(): string {
    return this.parts.join('')
  }

  #join(): void {
    this.#parts.push(this.#waiting.join(''))
    this.#waiting = []
  }
}
