import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'

/** What was last done about the file. */
type Done = 'settled' | 'try again'

/**
 * Looks at a file at intervals, by its content: that finds every way in which a file changes, also when a link on its path leads elsewhere, as
 * in a volume of Kubernetes. A change counts once two looks have found the same: an editor may still be writing.
 */
export class ConfigWatch {
  readonly #file: string
  readonly #onChange: () => Promise<Done>
  #known = ''
  #seen = ''
  #looking = false
  #timer: NodeJS.Timeout | undefined

  /** `onChange` is called with the first look, too: the file may have changed since it was read. */
  constructor(file: string, onChange: () => Promise<Done>) {
    this.#file = file
    this.#onChange = onChange
  }

  /** Looks every so many milliseconds from now on; 0: never. */
  every(milliseconds: number): void {
    clearInterval(this.#timer)
    if (milliseconds > 0) this.#timer = setInterval(() => void this.look(), milliseconds).unref()
  }

  /** Looks once. */
  async look(): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    try {
      const content = createHash('sha256')
        .update(await readFile(this.#file))
        .digest('hex')
      const isStable = content === this.#seen
      this.#seen = content
      if (isStable && content !== this.#known) this.#known = (await this.#onChange()) === 'settled' ? content : ''
    } catch {
      // It is being replaced, or is gone: what is running stays.
      this.#seen = ''
    } finally {
      this.#looking = false
    }
  }
}
