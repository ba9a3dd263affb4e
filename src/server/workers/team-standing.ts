import { setTimeout as pause } from 'node:timers/promises'
import type { Status } from '../status/status.ts'
import type { OfWorker, Standing } from './questions.ts'

/** Milliseconds that a worker has to say how it stands. */
const longest = 1_000
/** As many as one process shows. */
const mostRefusals = 50

/** A worker, as probes see it. */
interface Probed {
  readonly hasBegun: boolean
  ask<Name extends 'standing' | 'status'>(name: Name, given: null): Promise<OfWorker[Name]['answer']>
}

const late: Standing = { waitsFor: 'an answer of a worker', concern: null }

/** An answer; or what stands for one of a worker that has ended, or takes too long. */
async function inTime<T>(answer: Promise<T>, otherwise: T): Promise<T> {
  const end = new AbortController()
  const tooLate = pause(longest, otherwise, { signal: end.signal }).catch(() => otherwise)
  const first = await Promise.race([answer.catch(() => otherwise), tooLate])
  end.abort()
  return first
}

/** What operators hear of all workers together. */
export class TeamStanding {
  readonly #workers: () => readonly Probed[]
  readonly #count: number
  #hasStarted = false
  #isStopping = false

  constructor(workers: () => readonly Probed[], count: number) {
    this.#workers = workers
    this.#count = count
  }

  /** All have begun: from now on one that is ready is enough. */
  start(): void {
    this.#hasStarted = true
  }

  /** From now on it is not ready any more. */
  stop(): void {
    this.#isStopping = true
  }

  async #ask(): Promise<readonly Standing[]> {
    return Promise.all(this.#workers().flatMap((worker) => (worker.hasBegun ? [inTime(worker.ask('standing', null), late)] : [])))
  }

  /** What keeps the proxy from being ready; null: one worker is, and gets all connections until others are. */
  async waitsFor(): Promise<string | null> {
    if (this.#isStopping) return 'the end of the requests in flight'
    const standings = this.#hasStarted ? await this.#ask() : []
    if (standings.some(({ waitsFor }) => waitsFor === null)) return null
    return standings[0]?.waitsFor ?? 'the workers'
  }

  async concern(): Promise<string | null> {
    const standings = await this.#ask()
    const ready = standings.filter(({ waitsFor }) => waitsFor === null).length
    if (ready < this.#count) return `${this.#count - ready} of ${this.#count} workers cannot serve at the moment`
    return standings.find(({ concern }) => concern !== null)?.concern ?? null
  }

  /** For the status page. */
  async status(config: Status['config']): Promise<Status> {
    const none: OfWorker['status']['answer'] = { health: [], refusals: [] }
    const asked = this.#workers().flatMap((worker) => (worker.hasBegun ? [inTime(worker.ask('status', null), none)] : []))
    const answers = await Promise.all(asked)
    const health = answers.find((answer) => answer.health.length > 0)?.health ?? []
    const refusals = answers.flatMap((answer) => answer.refusals).sort((a, b) => b.time - a.time)
    return { config, waitsFor: await this.waitsFor(), health, refusals: refusals.slice(0, mostRefusals) }
  }
}
