import { AsyncLocalStorage } from 'node:async_hooks'
import { Client, type Dispatcher } from 'undici'

/**
 * Milliseconds for which a connection rests between two requests, at least and at most. MLflow's uvicorn writes head and body of an answer
 * separately, and where it has several workers the body waits for the client's acknowledgement: up to 40 ms on a connection that was used a
 * moment ago, and not at all on one that has rested. No server that keeps connections closes them sooner than after two seconds.
 */
const rest = { least: 50, most: 1_500 } as const

/** Connections that are kept at most: some thousand short requests a second take as many. */
const mostKept = 256

/** What requests whose answers are read whole are sent by. */
export interface MessagePool {
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean
  /** From now on every request has a connection of its own. */
  keepNone?(): void
  close(): Promise<void>
}

/** One connection, with its state: open or not, with a request under way or not, and since when it rests. */
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
  /** Gives a request a connection of its own. */
  readonly single: Dispatcher
}

/**
 * Connections that carry one request at a time, and are kept. A request gets one that has rested, else a new one. One that must not be sent
 * twice, and any beyond so many, gets one of its own, which is not kept.
 */
export class KeptConnections implements MessagePool {
  readonly #options: KeptOptions
  readonly #all: Kept[] = []
  /** The one that came last is at the end. */
  readonly #resting: Kept[] = []
  readonly #closed: Kept[] = []
  /** A connection outlives the request that it was opened for, and must not hold on to it. */
  readonly #outside = AsyncLocalStorage.snapshot()
  #keeps = true

  constructor(options: KeptOptions) {
    this.#options = options
  }

  keepNone(): void {
    this.#keeps = false
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    // A server may end a connection that rests just as a request comes over it. Whether that was carried out nobody knows then.
    const kept = this.#keeps && options.idempotent !== false ? this.#take() : null
    if (kept === null) return this.#options.single.dispatch(options, handler)
    kept.isBusy = true
    this.#outside(() => kept.dispatcher.dispatch(options, handler))
    // It took nothing, and so will not tell when it is done.
    if (kept.client.stats.size === 0) this.#putBack(kept)
    return true
  }

  /** Of those that have rested the one that came last: what is not needed grows too old. */
  #take(): Kept | null {
    const latest = performance.now() - rest.least
    const index = this.#resting.findLastIndex(({ since }) => since <= latest)
    if (index >= 0) return this.#resting.splice(index, 1)[0] ?? null
    return this.#closed.pop() ?? (this.#all.length < mostKept ? this.#add() : null)
  }

  #add(): Kept {
    const { origin, client: options, through } = this.#options
    const client = new Client(origin, { ...options, pipelining: 1, keepAliveTimeout: rest.most, keepAliveMaxTimeout: rest.most })
    const kept: Kept = { client, dispatcher: through(client), isOpen: false, isBusy: false, since: 0 }
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
