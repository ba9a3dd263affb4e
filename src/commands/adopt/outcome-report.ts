import type { Change } from '../../server/adoption/adoption-plan.ts'
import type { ChangeOutcome } from '../../server/adoption/carry-out.ts'
import type { Terminal } from '../shell.ts'

const words: Readonly<Record<ChangeOutcome['result'], string>> = { done: 'ok     ', failed: 'FAILED ', unknown: 'UNKNOWN' }

/** Tells of changes as they are made: a line each, or one JSON document at the end. */
export class OutcomeReport {
  readonly #terminal: Terminal
  readonly #isJson: boolean
  readonly #verb: string
  readonly #outcomes: (Change & ChangeOutcome)[] = []

  /** `verb`: what happens to them, as in "3 renamed". */
  constructor(terminal: Terminal, isJson: boolean, verb: string) {
    this.#terminal = terminal
    this.#isJson = isJson
    this.#verb = verb
  }

  readonly hear = (change: Change, outcome: ChangeOutcome): void => {
    this.#outcomes.push({ ...change, ...outcome })
    if (this.#isJson) return
    const why = outcome.why === '' ? '' : `\n         ${outcome.why}`
    this.#terminal.out(`${words[outcome.result]}  ${change.kind} ${change.from} -> ${change.to}${why}\n`)
  }

  /** Sums up. Whether everything was done. */
  end(journal: string): boolean {
    const count = (wanted: ChangeOutcome['result']) => this.#outcomes.filter(({ result }) => result === wanted).length
    const done = count('done')
    const isAll = done === this.#outcomes.length
    if (this.#isJson) {
      this.#terminal.out(`${JSON.stringify({ journal, changes: this.#outcomes }, null, 2)}\n`)
      return isAll
    }
    const unknown =
      count('unknown') === 0 ? '' : ' MLflow did not say whether the last one succeeded, so the others were not tried.'
    const again = isAll ? '' : `${unknown} Run it again to try the others.`
    this.#terminal.out(`\n${done} ${this.#verb}, ${this.#outcomes.length - done} not; the journal is ${journal}.${again}\n`)
    return isAll
  }
}
