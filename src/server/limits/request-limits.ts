import type { LimitSettings, ShareKind } from '../config/limit-settings.ts'
import { FairQueue } from './fair-queue.ts'
import { MemoryBudget } from './memory-budget.ts'
import type { NoteShed, ShedCause } from './overloaded.ts'

/** Milliseconds that a request may wait for its share. */
const maximumWait = 5_000

/** Shared by all requests of the process. */
export class Limits {
  readonly memory: MemoryBudget
  readonly shares: Readonly<Record<ShareKind, FairQueue>>
  /** Requests that occupy one of MLflow's few workers while their bytes are transferred. */
  readonly workers: FairQueue
  readonly #hearers: NoteShed[] = []

  constructor(settings: LimitSettings) {
    const noteShed = (kind: string, cause: ShedCause) => {
      for (const hear of this.#hearers) hear(kind, cause)
    }
    const queue = (kind: ShareKind, options = {}) => new FairQueue(settings[kind], { kind, maximumWait, noteShed, ...options })
    this.memory = new MemoryBudget(settings.memory, { noteShed })
    // Messages are short: a caller who floods may have many in flight while alone, and soon has few when others arrive.
    this.shares = { messages: queue('messages', { amongOthers: 1 / 32 }), bytes: queue('bytes'), models: queue('models') }
    this.workers = new FairQueue(settings.bytes, { kind: 'workers', maximumWait, noteShed })
  }

  /** `hear` is called for every request that is shed. */
  onShed(hear: NoteShed): void {
    this.#hearers.push(hear)
  }

  /** MLflow has this many workers, each of which serves one request at a time: byte transfers may use all but one. */
  noteWorkers(workers: number): void {
    this.workers.narrow(Math.max(1, workers - 1))
  }
}
