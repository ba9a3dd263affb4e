import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Refusal } from '../../policy/reasons.ts'
import type { RedisSettings } from '../config/config-redis.ts'
import type { Outbound } from '../config/proxy-settings.ts'
import { describeNetworkError } from '../network/network-error.ts'
import type { RedisClient } from './redis-client.ts'

type Work<T> = (client: RedisClient['commands']) => Promise<T>

/** Milliseconds for an answer. */
const timeout = 2_000

/** Removes a key that has one's own value. */
export const removeOwn = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"

/** Told of each change: `problem`, in words that are good for a log, or null when all is well again. */
export type ReportStore = (store: { readonly problem: string | null }) => void

/** The server's errors may repeat what was sent: only their first word is told. */
function describeProblem(error: unknown): string {
  const word = error instanceof Error && !('code' in error) ? /^-?([A-Z]{3,20})\b/.exec(error.message)?.[1] : undefined
  return word === undefined ? describeNetworkError(error) : `it answers ${word}`
}

/** A connection to Redis that never keeps anybody waiting for longer than two seconds. */
export class RedisLink {
  readonly #settings: RedisSettings
  readonly #outbound: Outbound | undefined
  readonly #report: ReportStore
  #client: Promise<RedisClient> | null = null
  #problem: string | null = null

  constructor(settings: RedisSettings, outbound: Outbound | undefined, report: ReportStore) {
    this.#settings = settings
    this.#outbound = outbound
    this.#report = report
  }

  #note(problem: string | null): void {
    if (problem === this.#problem) return
    this.#problem = problem
    this.#report({ problem })
  }

  /** The library is only loaded where it is needed. */
  async #connect(): Promise<RedisClient> {
    const { connectToRedis } = await import('./redis-client.ts')
    return connectToRedis(this.#settings, this.#outbound, (error) => this.#note(error === null ? null : describeProblem(error)))
  }

  /** A server that does not answer is asked again over another connection. */
  async #drop(opened: Promise<RedisClient> | null): Promise<void> {
    if (this.#client === opened) this.#client = null
    const client = await opened
    client?.destroy()
  }

  /** Begins to connect, so that operators hear at start what is wrong. */
  open(): Promise<RedisClient> {
    this.#client ??= this.#connect()
    return this.#client
  }

  async #answer<T>(opened: Promise<RedisClient>, work: Work<T>, signal: AbortSignal): Promise<T> {
    const client = await opened
    if (!client.isReady()) await once(client.events, 'ready', { signal })
    return work(client.commands)
  }

  /** What the server answers. Rejects with Refusal 'upstream-unavailable' if it does not. */
  async ask<T>(work: Work<T>): Promise<T> {
    const time = new AbortController()
    const late = sleep(timeout, null, { signal: time.signal, ref: false })
    const opened = this.open()
    const asked = this.#answer(opened, work, time.signal)
    try {
      const first = await Promise.race([asked.then((answer) => ({ answer })), late])
      if (first !== null) {
        this.#note(null)
        return first.answer
      }
      await this.#drop(opened)
      throw new Error(`it does not answer within ${timeout / 1_000} s`)
    } catch (error) {
      this.#note(describeProblem(error))
      throw new Refusal('upstream-unavailable', 'Logins cannot be looked up at the moment: try again shortly.')
    } finally {
      time.abort()
      asked.catch(() => {})
      late.catch(() => {})
    }
  }

  /** Whether the server does all that sessions ask of it. Rejects if it does not. */
  async probe(key: string): Promise<void> {
    const expiration = { type: 'PX', value: 5_000 } as const
    await this.ask((client) => client.set(key, 'probe', { expiration, condition: 'NX' }))
    await this.ask((client) => client.eval(removeOwn, { keys: [key], arguments: ['probe'] }))
    await this.ask((client) => client.getDel(key))
  }

  async close(): Promise<void> {
    await this.#drop(this.#client)
  }
}
