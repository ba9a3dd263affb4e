import { setTimeout as pause } from 'node:timers/promises'
import { Hopeless, type Outlet } from './log-outlet.ts'

/**
 * Maximum number of waiting characters, and of characters in one write; minimum milliseconds between two batches: each costs as much as several
 * lines. A single line is written at once.
 */
const usual = { waiting: 4 * 1024 * 1024, batch: 64 * 1024, between: 10 } as const
/** Milliseconds before the next attempt after a failure. */
const retryAfter = 1_000

/** What a sink says of itself. */
export interface SinkReports {
  /** Called for every lost line. */
  readonly lost: (lines: number) => void
  /** Called when it begins to fail, and when it works again: null. */
  readonly failing?: (problem: string | null) => void
}

interface Batch {
  readonly text: string
  readonly lines: number
}

/**
 * Writes the log's lines, and never ends or delays the process: a full disk, a closed pipe, or one that nobody
 * reads only loses lines, which are counted.
 */
export class LineSink {
  readonly #outlet: Outlet
  readonly #reports: SinkReports
  readonly #most: NonNullable<Outlet['most']>
  readonly #lines: string[] = []
  #waiting = 0
  #unsaid = 0
  #broken = false
  #full = false
  #failing: string | null = null
  /** What failed, and is to be sent again. */
  #held: Batch | null = null
  #sending: Promise<void> | null = null

  constructor(outlet: Outlet, reports: SinkReports) {
    this.#outlet = outlet
    this.#reports = reports
    this.#most = outlet.most ?? usual
  }

  /** Why lines are lost, or would be; null: they are not. */
  get failing(): string | null {
    return this.#failing
  }

  /** Adds one line, including its line end. */
  write(line: string): void {
    if (this.#waiting + line.length > this.#most.waiting) {
      this.#full = true
      this.#lose(1)
      this.#say('too many lines wait')
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
      if (this.#held !== null) this.#outlet.sendNow(this.#held.text)
      this.#held = null
      while (this.#lines.length > 0) this.#outlet.sendNow(this.#take().join(''))
    } catch {
      // There is nobody left to report it to.
    }
  }

  #say(problem: string | null): void {
    if ((problem === null) === (this.#failing === null)) return
    this.#failing = problem
    this.#reports.failing?.(problem)
  }

  #lose(lines: number): void {
    this.#unsaid += lines
    this.#reports.lost(lines)
  }

  #take(): string[] {
    let size = 0
    let count = 0
    while (count < this.#lines.length && size < this.#most.batch) size += this.#lines[count++]?.length ?? 0
    this.#waiting -= size
    return this.#lines.splice(0, count)
  }

  #next(): Batch {
    const lines = this.#take()
    return { text: `${this.#preface()}${lines.join('')}`, lines: lines.length }
  }

  async #send(): Promise<void> {
    // Lines of the same turn are written together.
    await Promise.resolve()
    while (this.#held !== null || this.#lines.length > 0) {
      const batch = this.#held ?? this.#next()
      this.#held = null
      try {
        await this.#outlet.send(batch.text)
        this.#broken = false
        this.#full = false
        this.#say(null)
        await pause(this.#most.between)
      } catch (error) {
        this.#fail(batch, error)
        await pause(retryAfter, undefined, { ref: false })
      }
    }
  }

  #fail(batch: Batch, error: unknown): void {
    if (this.#outlet.again === true && !(error instanceof Hopeless)) this.#held = batch
    else {
      // A part may have been written: the next line starts on a new line.
      this.#broken = this.#outlet.again !== true
      this.#lose(batch.lines)
    }
    if (this.#full || this.#outlet.patient !== true) this.#say(error instanceof Error ? error.message : String(error))
  }

  #preface(): string {
    const [lost, end] = [this.#unsaid, this.#broken ? '\n' : '']
    if (lost === 0) return end
    this.#unsaid = 0
    const line = { level: 40, time: Date.now(), lost, msg: 'lines of the log were lost: they could not be written' }
    return `${end}${JSON.stringify(line)}\n`
  }
}
