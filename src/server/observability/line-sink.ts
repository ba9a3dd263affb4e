import { setTimeout as pause } from 'node:timers/promises'
import type { Outlet } from './log-outlet.ts'

/** Maximum number of waiting characters, and of characters in one write. */
const most = { waiting: 4 * 1024 * 1024, batch: 64 * 1024 } as const
/** Milliseconds before the next attempt after a failure. */
const retryAfter = 1_000
/** Minimum milliseconds between two batches: each costs as much as several lines. A single line is written at once. */
const between = 10

/**
 * Writes the log's lines, and never ends or delays the process: a full disk, a closed pipe, or one that nobody
 * reads only loses lines, which are counted.
 */
export class LineSink {
  readonly #outlet: Outlet
  readonly #onLost: (lines: number) => void
  readonly #lines: string[] = []
  #waiting = 0
  #unsaid = 0
  #broken = false
  #sending: Promise<void> | null = null

  /** `onLost` is called for every lost line. */
  constructor(outlet: Outlet, onLost: (lines: number) => void) {
    this.#outlet = outlet
    this.#onLost = onLost
  }

  /** Adds one line, including its line end. */
  write(line: string): void {
    if (this.#waiting + line.length > most.waiting) {
      this.#lose(1)
      return
    }
    this.#lines.push(line)
    this.#waiting += line.length
    this.#sending ??= this.#send().finally(() => {
      this.#sending = null
    })
  }

  /** Resolves when every line is written, or after this many milliseconds. */
  async end(milliseconds: number): Promise<void> {
    const late = new AbortController()
    await Promise.race([this.#sending, pause(milliseconds, undefined, { signal: late.signal }).catch(() => undefined)])
    late.abort()
  }

  /** For the end of the process: writes the rest at once, or not at all. */
  flush(): void {
    try {
      while (this.#lines.length > 0) this.#outlet.sendNow(this.#take().join(''))
    } catch {
      // There is nobody left to report it to.
    }
  }

  #lose(lines: number): void {
    this.#unsaid += lines
    this.#onLost(lines)
  }

  #take(): string[] {
    let size = 0
    let count = 0
    while (count < this.#lines.length && size < most.batch) size += this.#lines[count++]?.length ?? 0
    this.#waiting -= size
    return this.#lines.splice(0, count)
  }

  async #send(): Promise<void> {
    // Lines of the same turn are written together.
    await Promise.resolve()
    while (this.#lines.length > 0) {
      const lines = this.#take()
      try {
        await this.#outlet.send(`${this.#preface()}${lines.join('')}`)
        this.#broken = false
        await pause(between)
      } catch {
        // A part may have been written: the next line starts on a new line.
        this.#broken = true
        this.#lose(lines.length)
        await pause(retryAfter, undefined, { ref: false })
      }
    }
  }

  #preface(): string {
    const [lost, end] = [this.#unsaid, this.#broken ? '\n' : '']
    if (lost === 0) return end
    this.#unsaid = 0
    const line = { level: 40, time: Date.now(), lost, msg: 'lines of the log were lost: they could not be written' }
    return `${end}${JSON.stringify(line)}\n`
  }
}
