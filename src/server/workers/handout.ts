import type { Socket } from 'node:net'
import type { Port } from './questions.ts'

/** Connections that wait for a worker; more are closed. The system keeps several hundred more. */
const mostWaiting = 4_096

/** A worker, as connections see it. */
export interface Taker {
  /** Whether it can serve now, as far as is known. */
  readonly isReady: boolean
  /** Resolves when the worker has the connection; rejects if it ended before it read anything of it. */
  take(port: Port, socket: Socket): Promise<void>
}

interface Waiting {
  readonly port: Port
  readonly socket: Socket
}

/**
 * Gives connections to workers in turns, one at a time each: a worker that is busy gets no further one until it has the last. Nothing is
 * read of a connection before its worker says that it has it, and it stays open here until then: if the worker ends, another gets it.
 */
export class Handout {
  readonly #waiting: Waiting[] = []
  /** Those that wait for a connection, the next one first. */
  readonly #free: Taker[] = []
  readonly #takers = new Set<Taker>()
  #idle: (() => void)[] = []

  add(taker: Taker): void {
    this.#takers.add(taker)
    this.#free.push(taker)
    this.pump()
  }

  remove(taker: Taker): void {
    this.#takers.delete(taker)
    const at = this.#free.indexOf(taker)
    if (at >= 0) this.#free.splice(at, 1)
  }

  /** `socket` is paused. */
  offer(port: Port, socket: Socket): void {
    socket.on('error', () => undefined)
    if (this.#waiting.length >= mostWaiting) return void socket.destroy()
    this.#waiting.push({ port, socket })
    this.pump()
  }

  /** Resolves when no connection waits any more. */
  async empty(): Promise<void> {
    if (this.#waiting.length > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** For when a worker has become ready, too. */
  pump(): void {
    while (this.#waiting.length > 0) {
      const taker = this.#next()
      const next = taker === null ? undefined : this.#waiting.shift()
      if (taker === null || next === undefined) return
      void this.#give(taker, next)
    }
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  /** Those that are not ready serve only while nobody is: they can say what is wrong. */
  #next(): Taker | null {
    const anyReady = [...this.#takers].some(({ isReady }) => isReady)
    const at = this.#free.findIndex(({ isReady }) => isReady || !anyReady)
    return at < 0 ? null : (this.#free.splice(at, 1)[0] ?? null)
  }

  async #give(taker: Taker, connection: Waiting): Promise<void> {
    try {
      await taker.take(connection.port, connection.socket)
      connection.socket.destroy()
      if (this.#takers.has(taker)) this.#free.push(taker)
    } catch {
      this.#waiting.unshift(connection)
    }
    this.pump()
  }
}
