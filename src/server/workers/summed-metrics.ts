import { Registry } from '@prometheus-io/client'
import type { Samples } from './questions.ts'

/** A worker, as its metrics see it. */
interface Source {
  ask(name: 'metrics', given: null): Promise<Samples>
}

/** Those that only grow: what a worker has counted stays counted when it ends. */
const lasting: ReadonlySet<string> = new Set(['counter', 'histogram'])

/** The metrics of the primary and of all workers as one. */
export class SummedMetrics {
  readonly #own: Registry
  /** The latest of each worker. */
  readonly #latest = new Map<Source, Samples>()
  /** What workers that have ended had counted when they were last asked. */
  #before: Promise<Samples> = Promise.resolve([])

  constructor(own: Registry) {
    this.#own = own
  }

  get contentType(): string {
    return this.#own.contentType
  }

  add(worker: Source): void {
    this.#latest.set(worker, [])
  }

  remove(worker: Source): void {
    const counted = (this.#latest.get(worker) ?? []).filter(({ type }) => lasting.has(String(type)))
    this.#latest.delete(worker)
    this.#before = this.#before.then((before) => Registry.aggregate([before, counted]).getMetricsAsJSON())
  }

  /** The sum of all, as text. */
  async metrics(): Promise<string> {
    return (await this.sum()).metrics()
  }

  /** The sum of all. A worker that does not answer counts with what it said last. */
  async sum(): Promise<Registry> {
    await Promise.all([...this.#latest.keys()].map((worker) => this.#ask(worker)))
    return Registry.aggregate([await this.#before, await this.#own.getMetricsAsJSON(), ...this.#latest.values()])
  }

  async #ask(worker: Source): Promise<void> {
    const samples = await worker.ask('metrics', null).catch(() => null)
    if (samples !== null && this.#latest.has(worker)) this.#latest.set(worker, samples)
  }
}
