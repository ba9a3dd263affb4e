import { AsyncLocalStorage } from 'node:async_hooks'
import { Client, type Dispatcher } from 'undici'
import { StallWatch } from './stall-watch.ts'

/**
 * Minimum and maximum milliseconds for which a connection rests between two requests. The minimum is for servers that stall on one that was used
 * a moment ago. No server that keeps connections closes them within two seconds.
 */
const rest = { least: 50, most: 1_500 } as const

/** Maximum number of kept connections: enough for some thousand short requests a second. */
const mostKept = 256

/** Sends requests whose answers are read completely. */
export interface MessagePool {
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean
  /** From now on every request uses a new connection. */
  keepNone?(): void
  close(): Promise<void>
}

/** One connection and its state: whether it is open, has a request in flight, and since when it rests. */
interface Kept {
  readonly client: Client
  readonly dispatcher: Dispatcher
  isOpen: boolean
  isBusy: boolean
  since: number
}

export interface KeptOptions {
  readonly origin: string
  readonly client: Client.Options
  /** How requests are written to a client. */
  readonly through: (client: Client) => Dispatcher
  /** Sends a request over a new connection. */
  readonly single: Dispatcher
}

/**
 * Connections that carry one request at a time and are kept. A request gets a free one, which has rested if the server stalls, otherwise a new
 * one. A request that must not be sent twice, or exceeds the maximum, gets a new one that is not kept.
 */
export class KeptConnections implements MessagePool {
  readonly #options: KeptOptions
  readonly #all: Kept[] = []
  /** The most recently used one is last. */
  readonly #resting: Kept[] = []
  readonly #closed: Kept[] = []
  /** A connection outlives the request that opened it, and must not keep it in memory. */
  readonly #outside = AsyncLocalStorage.snapshot()
  readonly #stallWatch = new StallWatch()
  #keeps = true

  constructor(options: KeptOptions) {
    this.#options = options
  }

  keepNone(): void {
    this.#keeps = false
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    // A server may close a resting connection just as a request is sent over it; whether it was carried out is then unknown.
    const kept = this.#keeps && options.idempotent !== false ? this.#take() : null
    if (kept === null) return this.#options.single.dispatch(options, handler)
    kept.isBusy = true
    const isWarm = performance.now() - kept.since < rest.least
    const watched = isWarm ? this.#stallWatch.watch(handler) : handler
    this.#outside(() => kept.dispatcher.dispatch(options, watched))
    // It accepted nothing, so it will not report when it is done.
    if (kept.client.stats.size === 0) this.#putBack(kept)
    return true
  }

  /** The most recently used of those that may be used, so that surplus connections expire. */
  #take(): Kept | null {
    return this.#takeRested() ?? this.#closed.pop() ?? (this.#all.length < mostKept ? this.#add() : null)
  }

  #takeRested(): Kept | undefined {
    if (!this.#stallWatch.stalls) return this.#resting.pop()
    const latest = performance.now() - rest.least
    const index = this.#resting.findLastIndex(({ since }) => since <= latest)
    return index < 0 ? undefined : this.#resting.splice(index, 1)[0]
  }

  #add(): Kept {
    const { origin, client: options, through } = this.#options
    const client = new Client(origin, { ...options, pipelining: 1, keepAliveTimeout: rest.most, keepAliveMaxTimeout: rest.most })
    const kept: Kept = { client, dispatcher: through(client), isOpen: false, isBusy: false, since: Number.NEGATIVE_INFINITY }
    this.#all.push(kept)
    client.on('connect', () => {
      kept.isOpen = true
    })
    client.on('disconnect', () => {
      kept.isOpen = false
      const index = this.#resting.indexOf(kept)
      if (index >= 0) this.#closed.push(...this.#resting.splice(index, 1))
    })
    client.on('drain', () => this.#putBack(kept))
    return kept
  }

  #putBack(kept: Kept): void {
    if (!kept.isBusy) return
    kept.isBusy = false
    kept.since = performance.now()
    if (kept.isOpen) this.#resting.push(kept)
    else this.#closed.push(kept)
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map(({ client }) => client.close()))
  }
}
