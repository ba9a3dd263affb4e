import { Socket } from 'node:net'
import type { Logger } from 'pino'
import type { Config } from '../config/config-types.ts'
import { Connections } from '../http/connections.ts'
import { catchUnforeseen } from '../http/unforeseen.ts'
import { tuneEngine } from '../limits/tune-engine.ts'
import { loadTracing } from '../observability/load-tracing.ts'
import { Metrics } from '../observability/metrics.ts'
import { openProcessState } from '../process-state.ts'
import { type Prepared, ReloadableProxy } from '../reloadable-proxy.ts'
import { type Answers, Channel } from './channel.ts'
import type { OfPrimary, OfWorker, Port, Start } from './questions.ts'
import { SharedLogins } from './shared-logins.ts'
import { SharedPromotions } from './shared-promotions.ts'
import { openWorkerOutput } from './worker-output.ts'

/** What serves, once the worker has begun. */
interface Begun {
  readonly proxy: ReloadableProxy
  readonly log: Logger
  readonly examines: boolean
  accept(port: Port, socket: Socket): void
  /** Writes the last lines. */
  end(): Promise<void>
}

/** A process that serves requests, as the primary tells it. */
class Worker {
  readonly #metrics = new Metrics()
  readonly #connections = new Connections()
  readonly #channel: Channel<OfPrimary>
  readonly #promotions: SharedPromotions
  #logins: SharedLogins | null = null
  #begun: Promise<Begun> = Promise.reject(new Error('the worker has not begun'))
  #accept: Begun['accept'] | null = null
  #prepared: (Prepared & { readonly level: Config['log']['level'] }) | null = null
  #auditProblem: string | null = null

  constructor() {
    this.#begun.catch(() => undefined)
    this.#channel = new Channel<OfPrimary>(process, this.#answers())
    this.#promotions = new SharedPromotions(this.#channel)
  }

  #answers(): Answers<OfWorker> {
    return {
      begin: (start) => this.#begin(start),
      connection: (port, socket) => {
        if (socket instanceof Socket) this.#accept?.(port, socket)
        return null
      },
      alive: () => null,
      standing: async () => {
        const { proxy } = await this.#begun
        return { waitsFor: proxy.waitsFor(), concern: proxy.concern() }
      },
      status: async () => {
        const { health, refusals } = (await this.#begun).proxy.status()
        return { health, refusals }
      },
      metrics: () => this.#metrics.registry.getMetricsAsJSON(),
      prepare: (config) => this.#prepare(config),
      finish: (how) => this.#finish(how),
      loginEnded: (ended) => {
        this.#logins?.noteEnd(ended)
        return null
      },
      promotionBegins: (promotion) => this.#promotions.begin(promotion).then(() => null),
      promotionEnds: (id) => {
        this.#promotions.end(id)
        return null
      },
      auditProblem: (problem) => {
        this.#auditProblem = problem
        return null
      },
      stop: () => {
        this.#connections.stop()
        return null
      },
      close: () => this.#close(),
      leave: () => process.exit(0),
    }
  }

  async #begin(start: Start): Promise<null> {
    this.#auditProblem = start.auditProblem
    this.#logins = new SharedLogins(start.loginKey, this.#channel)
    for (const ended of start.endedLogins) this.#logins.noteEnd(ended)
    for (const promotion of start.promotions) void this.#promotions.begin(promotion)
    this.#begun = this.#open(start, this.#logins)
    this.#accept = (await this.#begun).accept
    return null
  }

  async #open({ config, examines, pageKey }: Start, logins: SharedLogins): Promise<Begun> {
    const [metrics, connections, promotions] = [this.#metrics, this.#connections, this.#promotions]
    const { log, audit, end } = openWorkerOutput(config, metrics, () => this.#auditProblem)
    const tracing = await loadTracing(config)
    const processState = openProcessState(config, metrics, tracing, { promotions, logins, pageKey })
    const proxy = new ReloadableProxy(config, { log, metrics, audit, connections, processState })
    const accept = await proxy.serveGiven()
    if (examines) proxy.examine()
    catchUnforeseen(log, metrics)
    tuneEngine(() => connections.underWay)
    const endAll = async () => {
      await tracing?.end()
      await end()
    }
    return { proxy, log, examines, accept, end: endAll }
  }

  async #prepare(config: Config): Promise<null> {
    const { proxy, log } = await this.#begun
    const { level } = log
    // What is built now takes its level from here.
    log.level = config.log.level
    try {
      this.#prepared = { ...(await proxy.prepare(config)), level: config.log.level }
    } finally {
      log.level = level
    }
    return null
  }

  async #finish(how: 'commit' | 'abandon'): Promise<null> {
    const { log, examines } = await this.#begun
    const prepared = this.#prepared
    this.#prepared = null
    if (how === 'abandon') await prepared?.abandon()
    if (how === 'abandon' || prepared === null) return null
    log.level = prepared.level
    prepared.commit(examines)
    return null
  }

  async #close(): Promise<null> {
    const { proxy, end } = await this.#begun
    this.#connections.close()
    await proxy.close()
    await end()
    return null
  }
}

/** Serves requests until the primary ends: what it says counts, and no signal. */
export function runWorker(): void {
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)
  process.once('disconnect', () => process.exit(1))
  new Worker()
}
