import { setTimeout as pause } from 'node:timers/promises'
import type { Outlet } from './log-outlet.ts'

/** Characters that wait at most, and those that are handed over at once. */
const most = { waiting: 4 * 1024 * 1024, batch: 64 * 1024 } as const
/** Milliseconds before the next attempt after a failed one. */
const retryAfter = 1_000
/** Milliseconds between two batches at least: each costs as much as several lines. A line that comes alone goes out at once. */
const between = 10

/**
 * Takes the log's lines to where they go, and is never the end of the process, nor holds it up: a disk that is full, a pipe that nobody
 * reads or that is closed lose lines, which are counted, and nothing else.
 */
export class LineSink {
  readonly #outlet: Outlet
  readonly #onLost: (lines: number) => void
  readonly #lines: string[] = []
  #waiting = 0
  #unsaid = 0
  #broken = false
  #sending: Promise<void> | null = null

  /** `onLost` hears of every line that is lost. */
  constructor(outlet: Outlet, onLost: (lines: number) => void) {
    this.#outlet = outlet
    this.#onLost = onLost
  }

  /** Takes one line, with its end. */
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

  /** Resolves when every line is out, or after so many milliseconds. */
  async end(milliseconds: number): Promise<void> {
    const late = new AbortController()
    await Promise.race([this.#sending, pause(milliseconds, undefined, { signal: late.signal }).catch(() => undefined)])
    late.abort()
  }

  /** For the very end of the process: what is left goes out at once, or never. */
  flush(): void {
    try {
      while (this.#lines.length > 0) this.#outlet.sendNow(this.#take().join(''))
    } catch {
      // Nobody is left who could be told.
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
    // Whatever is written in the same turn goes out together.
    await Promise.resolve()
    while (this.#lines.length > 0) {
      const lines = this.#take()
      try {
        await this.#outlet.send(`${this.#preface()}${lines.join('')}`)
        this.#broken = false
        await pause(between)
      } catch {
        // A part of them may be out: what comes next begins on a line of its own.
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
