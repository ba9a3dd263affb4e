import { randomUUID } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Change } from './adoption-plan.ts'

/** How far a change is: begun and not known to be made, made, not made; and the same of taking it back. */
export type Step = 'begin' | 'done' | 'failed' | 'undo' | 'undone' | 'undo-failed'

const steps: readonly string[] = ['begin', 'done', 'failed', 'undo', 'undone', 'undo-failed'] satisfies Step[]

/** A change in a journal, with its key there and its latest step. */
export interface JournalEntry {
  readonly key: string
  readonly change: Change
  readonly step: Step
}

/** A journal that cannot be used; the message says why. */
export class JournalError extends Error {
  override readonly name = 'JournalError'
}

const format = 'mlflow-env-proxy adopt 1'

interface Line extends Partial<Change> {
  readonly journal?: string
  readonly upstream?: string
  readonly key?: string
  readonly step?: Step
}

function isLine(value: unknown): value is Line {
  if (typeof value !== 'object' || value === null) return false
  return !('step' in value) || (typeof value.step === 'string' && steps.includes(value.step))
}

function isChange(line: Partial<Change>): line is Change {
  const { kind, environment, from, to, id, created } = line
  const texts = [environment, from, to, id, created]
  return (kind === 'model' || kind === 'experiment') && texts.every((each) => typeof each === 'string')
}

function readLine(file: string, text: string, at: number): Line {
  try {
    const value: unknown = JSON.parse(text)
    if (isLine(value)) return value
  } catch {
    // Said below.
  }
  throw new JournalError(`${file}:${at + 1}: this is not a line of a journal of adopt`)
}

/**
 * What was changed, and what was about to be: a file of JSON lines, each on the disk before its change is sent and after it is known. Whatever
 * ends the program, the file says what may have been changed.
 */
export class AdoptionJournal {
  readonly #descriptor: number
  readonly #entries = new Map<string, JournalEntry>()

  /** Opens a journal, or begins one. Throws JournalError for one of another MLflow, and for other files. `existing`: there has to be one. */
  constructor(file: string, upstream: string, { existing = false } = {}) {
    const isNew = !existsSync(file)
    if (isNew && existing) throw new JournalError(`${file} does not exist: name the journal that --apply wrote`)
    const content = isNew ? '' : readFileSync(file, 'utf8')
    // A line without its end was being written when the program ended, before anything was sent for it.
    const whole = content.slice(0, content.lastIndexOf('\n') + 1)
    const [head, ...lines] = whole
      .split('\n')
      .slice(0, -1)
      .map((text, at) => readLine(file, text, at))
    if (content !== '' && head?.journal !== format) throw new JournalError(`${file} is not a journal of adopt`)
    if (head !== undefined && head.upstream !== upstream)
      throw new JournalError(`${file} is the journal of ${head.upstream}, and the configuration has ${upstream}`)
    for (const line of lines) this.#take(line)
    this.#descriptor = openSync(file, 'a', 0o600)
    ftruncateSync(this.#descriptor, Buffer.byteLength(whole))
    if (head !== undefined) return
    this.#write({ journal: format, upstream })
    const folder = openSync(dirname(file), 'r')
    fsyncSync(folder)
    closeSync(folder)
  }

  #take(line: Line): void {
    const { key = '', step = 'begin' } = line
    const change = isChange(line) ? line : this.#entries.get(key)?.change
    if (change !== undefined) this.#entries.set(key, { key, change, step })
  }

  #write(line: object): void {
    writeSync(this.#descriptor, `${JSON.stringify({ ...line, at: new Date().toISOString() })}\n`)
    fsyncSync(this.#descriptor)
  }

  /** In the order in which they were begun. */
  get entries(): readonly JournalEntry[] {
    return [...this.#entries.values()]
  }

  /** Notes that a change is about to be made; gives its key, which no other run gives one of its own. */
  begin({ kind, environment, from, to, id, created }: Change): string {
    const line = { key: randomUUID(), step: 'begin', kind, environment, from, to, id, created } as const
    this.#write(line)
    this.#take(line)
    return line.key
  }

  /** Notes how far a change is. `why`: '' where there is nothing to say. */
  note(key: string, step: Step, why = ''): void {
    this.#write({ key, step, ...(why === '' ? {} : { why }) })
    this.#take({ key, step })
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}
