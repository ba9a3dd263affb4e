import type { Clock } from '../../facts/clock.ts'
import type { End } from '../../network/request-end.ts'

/** Milliseconds after which such answers leave, at first and at least; a slow MLflow makes it a longer one of these. */
const steps = [20, 30, 45, 70, 100, 150, 220, 330, 500, 750, 1_000, 1_500, 2_000] as const
const first = 45
/** How many durations are looked back on, and after how many new ones. */
const remembered = 256
const between = 32
/** The step is so many times what most of them took: what takes longer does so for either kind, which ask the same. */
const margin = 1.5
const most = 0.95

/**
 * When answers leave that must not tell whether something is another's or nowhere: not when they are ready, but at a moment that depends
 * on nothing but their beginning. It lies beyond what nearly all such work has taken lately; what takes longer leaves after
 * twice the time, or four times, and so on. Nothing but a timer is held.
 */
export class EvenTimes {
  readonly #clock: Clock
  readonly #durations: number[] = []
  #noted = 0
  #step: number = first

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The moment at which work begins. */
  begin(): number {
    return this.#clock.now()
  }

  /** Notes how long work took that may tell everything. */
  note(beginning: number): void {
    this.#durations[this.#noted % remembered] = this.#clock.now() - beginning
    this.#noted += 1
    if (this.#noted % between !== 0) return
    const sorted = [...this.#durations].sort((a, b) => a - b)
    const usual = sorted[Math.floor(sorted.length * most)] ?? 0
    this.#step = steps.find((step) => step >= usual * margin) ?? steps[steps.length - 1] ?? first
  }

  /** Notes it, and waits for the moment at which what came of it may leave. A caller who goes is not waited for. */
  async end(beginning: number, gone?: End): Promise<void> {
    this.note(beginning)
    const spent = this.#clock.now() - beginning
    let wait = this.#step
    while (wait < spent) wait *= 2
    await this.#clock.until(beginning + wait, gone)
  }
}
