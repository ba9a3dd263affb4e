import type { LimitSettings, ShareKind } from '../config/limit-settings.ts'
import { FairQueue } from './fair-queue.ts'
import { MemoryBudget } from './memory-budget.ts'
import type { NoteShed, ShedCause } from './overloaded.ts'

/** Milliseconds that a request waits for its share at most. */
const patience = 5_000

/** What all requests of the process share. */
export class Limits {
  readonly memory: MemoryBudget
  readonly shares: Readonly<Record<ShareKind, FairQueue>>
  /** Requests that hold one of MLflow's few workers for as long as their bytes take. */
  readonly workers: FairQueue
  readonly #hearers: NoteShed[] = []

  constructor(settings: LimitSettings) {
    const noteShed = (kind: string, cause: ShedCause) => {
      for (const hear of this.#hearers) hear(kind, cause)
    }
    const queue = (kind: ShareKind, options = {}) => new FairQueue(settings[kind], { kind, patience, noteShed, ...options })
    this.memory = new MemoryBudget(settings.memory, { noteShed })
    // Messages are short: whoever floods may have many under way while alone, and soon has few when others come.
    this.shares = { messages: queue('messages', { amongOthers: 1 / 32 }), bytes: queue('bytes'), models: queue('models') }
    this.workers = new FairQueue(settings.bytes, { kind: 'workers', patience, noteShed })
  }

  /** `hear` is told of every request that is shed. */
  onShed(hear: NoteShed): void {
    this.#hearers.push(hear)
  }

  /** MLflow has so many workers, each of which serves one request at a time: all but one may be held by bytes. */
  noteWorkers(workers: number): void {
    this.workers.narrow(Math.max(1, workers - 1))
  }
}
