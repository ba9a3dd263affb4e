import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Config } from '../config/config-types.ts'
import { StartError } from '../network/start-error.ts'
import type { Answers } from './channel.ts'
import type { Handout } from './handout.ts'
import type { OfPrimary, OfWorker, Place, Start } from './questions.ts'
import { shareOut } from './share-out.ts'
import { type LineOutlets, WorkerProcess } from './worker-process.ts'

/** Milliseconds: between two looks at a worker, and after which one that does not react is killed. */
const looks = { between: 5_000, longest: 30_000 } as const
/** Milliseconds: a worker that ended sooner counts as a failed start; pauses after the second such start and later ones. */
const restarts = { quick: 10_000, first: 500, longest: 30_000 } as const

export interface TeamParts {
  readonly config: Config
  readonly lines: LineOutlets
  readonly log: Logger
  readonly handout: Handout
  /** What a worker begins with, apart from its configuration. */
  readonly start: () => Omit<Start, 'config' | 'examines'>
  readonly answers: (worker: WorkerProcess) => Answers<OfPrimary>
  readonly began: (worker: WorkerProcess) => void
  /** A worker has ended. `unexpectedly`: another takes its place. */
  readonly ended: (worker: WorkerProcess, unexpectedly: boolean) => void
}

/** The workers: as many as are configured, whatever happens to them. */
export class WorkerTeam {
  readonly #parts: TeamParts
  readonly #workers = new Set<WorkerProcess>()
  #config: Config
  #reload: Promise<unknown> = Promise.resolve()
  #isStopping = false
  #isClosing = false

  constructor(parts: TeamParts) {
    this.#parts = parts
    this.#config = parts.config
    // However this process ends, they do not outlive it.
    process.once('exit', () => {
      for (const worker of this.#workers) worker.kill()
    })
  }

  /** The whole configuration at work. */
  get config(): Config {
    return this.#config
  }

  /** Those that serve, or soon will. */
  get workers(): readonly WorkerProcess[] {
    return [...this.#workers]
  }

  /** Resolves when all can take connections. Throws StartError. */
  async start(): Promise<void> {
    const places = Array.from({ length: this.#config.workers }, (_, index): Place => ({ index, count: this.#config.workers }))
    const begin = async (place: Place) => ({ place, worker: await this.#begin(place) })
    const first = await Promise.all(places.map(begin)).catch((error: unknown) => {
      throw new StartError(`a worker could not begin: ${error instanceof Error ? error.message : String(error)}`)
    })
    for (const { place, worker } of first) void this.#keep(place, worker)
  }

  /** Asks all. Resolves when they have answered, or have ended. */
  async tell<Name extends keyof OfWorker & string>(name: Name, given: OfWorker[Name]['given']): Promise<void> {
    await Promise.allSettled(this.workers.map((worker) => worker.ask(name, given)))
  }

  /** Puts another configuration to work in all workers, or in none. Rejects with what kept one from it. */
  reload(config: Config): Promise<void> {
    const reload = this.#replace(config)
    this.#reload = reload.catch(() => undefined)
    return reload
  }

  async #replace(config: Config): Promise<void> {
    const place = ({ index }: WorkerProcess): Place => ({ index, count: this.#config.workers })
    const prepared = await Promise.allSettled(
      this.workers.map((worker) => worker.ask('prepare', shareOut(config, place(worker)))),
    )
    const failed = prepared.find((result) => result.status === 'rejected')
    if (failed !== undefined) {
      await this.tell('finish', 'abandon')
      throw failed.reason
    }
    // Who begins from now on begins with it.
    this.#config = config
    await this.tell('finish', 'commit')
  }

  async #begin(place: Place): Promise<WorkerProcess> {
    const { lines, answers, start, began, ended } = this.#parts
    await this.#reload
    const worker: WorkerProcess = new WorkerProcess(place.index, lines, (self) => answers(self))
    this.#workers.add(worker)
    void worker.ended.then(() => {
      this.#workers.delete(worker)
      ended(worker, !this.#isClosing)
    })
    void this.#watch(worker)
    try {
      await worker.begin({ ...start(), config: shareOut(this.#config, place), examines: place.index === 0 })
    } catch (error) {
      worker.kill()
      throw error
    }
    if (this.#isStopping) void worker.ask('stop', null).catch(() => undefined)
    began(worker)
    return worker
  }

  /** Sees to it that there is a worker at a place. */
  async #keep(place: Place, first: WorkerProcess): Promise<void> {
    let failures = 0
    for (let worker: WorkerProcess | null = first; !this.#isClosing; ) {
      const since = performance.now()
      if (worker !== null) await this.#serve(worker)
      if (this.#isClosing) return
      failures = performance.now() - since < restarts.quick ? failures + 1 : 0
      // The first time at once.
      if (failures > 1) await pause(Math.min(restarts.longest, restarts.first * 2 ** (failures - 2)), undefined, { ref: false })
      worker = await this.#begin(place).catch((error: unknown) => {
        const problem = error instanceof Error ? error.message : String(error)
        this.#parts.log.error({ worker: place.index, problem }, 'a worker could not begin')
        return null
      })
    }
  }

  /** Resolves when it has ended. */
  async #serve(worker: WorkerProcess): Promise<void> {
    const { handout, log } = this.#parts
    handout.add(worker)
    void worker.becomesReady().then(() => handout.pump())
    const end = await worker.ended
    handout.remove(worker)
    const { index, pid } = worker
    if (!this.#isClosing) log.error({ worker: index, pid, end }, 'a worker has ended: another takes its place')
  }

  async #watch(worker: WorkerProcess): Promise<void> {
    for (;;) {
      const late = setTimeout(() => {
        this.#parts.log.error({ worker: worker.index, pid: worker.pid }, 'a worker does not react any more')
        worker.kill()
      }, looks.longest).unref()
      const answered = await worker.ask('alive', null).then(
        () => true,
        () => false,
      )
      clearTimeout(late)
      if (!answered) return
      await pause(looks.between, undefined, { ref: false })
    }
  }

  /** Ends them at once. */
  async abandon(): Promise<void> {
    this.#isClosing = true
    for (const worker of this.#workers) worker.kill()
    await Promise.all(this.workers.map(({ ended }) => ended))
  }

  /** From now on every answer ends its connection. */
  async stop(): Promise<void> {
    this.#isStopping = true
    await this.tell('stop', null)
  }

  /** Resolves when every request was answered, and all workers have ended. */
  async close(): Promise<void> {
    this.#isClosing = true
    await Promise.all(
      this.workers.map(async (worker) => {
        await worker.ask('close', null).catch(() => undefined)
        worker.ask('leave', null).catch(() => undefined)
        await worker.ended
      }),
    )
  }
}
