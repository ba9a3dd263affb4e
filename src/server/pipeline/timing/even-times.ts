import type { Clock } from '../../facts/clock.ts'
import type { End } from '../../network/request-end.ts'

/** Milliseconds after which such answers are sent, initially and at least; with a slow MLflow the step is a longer one of these. */
const steps = [20, 30, 45, 70, 100, 150, 220, 330, 500, 750, 1_000, 1_500, 2_000] as const
const first = 45
/** How many durations are considered, and after how many new ones. */
const remembered = 256
const between = 32
/** The step is this multiple of what most of them took: longer durations occur with either kind, because both cause the same look-ups. */
const margin = 1.5
const most = 0.95

/**
 * When to send answers that must not reveal whether something is foreign or does not exist: not when they are ready, but at a time that depends
 * only on when the work began. It is beyond what nearly all such work has taken lately; what takes longer is sent after
 * twice the time, four times, and so on. Only a timer is held meanwhile.
 */
export class EvenTimes {
  readonly #clock: Clock
  readonly #durations: number[] = []
  #noted = 0
  #step: number = first

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The time at which work begins. */
  begin(): number {
    return this.#clock.now()
  }

  /** Records the duration of work that has nothing to hide. */
  note(beginning: number): void {
    this.#durations[this.#noted % remembered] = this.#clock.now() - beginning
    this.#noted += 1
    if (this.#noted % between !== 0) return
    const sorted = [...this.#durations].sort((a, b) => a - b)
    const usual = sorted[Math.floor(sorted.length * most)] ?? 0
    this.#step = steps.find((step) => step >= usual * margin) ?? steps[steps.length - 1] ?? first
  }

  /** Records it, and waits until its result may be sent, or the client disconnects. */
  async end(beginning: number, gone?: End): Promise<void> {
    this.note(beginning)
    const spent = this.#clock.now() - beginning
    let wait = this.#step
    while (wait < spent) wait *= 2
    await this.#clock.until(beginning + wait, gone)
  }
}
