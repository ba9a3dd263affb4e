import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RedisClientType } from '@redis/client'
import { Refusal } from '../../policy/reasons.ts'
import { secureContextOf } from '../config/certificates.ts'
import type { RedisSettings } from '../config/config-login.ts'
import type { Outbound } from '../config/proxy-settings.ts'
import { readPasswordFile } from '../config/secret-file.ts'
import { describeNetworkError } from '../network/network-error.ts'

type Client = RedisClientType<Record<never, never>, Record<never, never>, Record<never, never>, 2>

/** Milliseconds for a connection, and for an answer. */
const patience = 2_000

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
  #client: Promise<Client> | null = null
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

  #socket() {
    const { host, port, tls } = this.#settings
    const secureContext = secureContextOf(this.#outbound)
    const common = { host, port, connectTimeout: patience }
    if (!tls) return common
    return { ...common, tls: true as const, servername: host, ...(secureContext === null ? {} : { secureContext }) }
  }

  /** The library is only loaded where it is needed. */
  async #connect(): Promise<Client> {
    const { createClient } = await import('@redis/client')
    const { database, username, passwordFile } = this.#settings
    const login = async () => ({
      ...(username === null ? {} : { username }),
      ...(passwordFile === null ? {} : { password: readPasswordFile(passwordFile) }),
    })
    const client = createClient({
      RESP: 2,
      database,
      socket: this.#socket(),
      // What was not done in time must not be done later.
      disableOfflineQueue: true,
      pingInterval: 30_000,
      credentialsProvider: { type: 'async-credentials-provider', credentials: login },
    })
    client.on('error', (error) => this.#note(describeProblem(error)))
    client.on('ready', () => this.#note(null))
    // Its errors are events, and it tries again by itself.
    client.connect().catch(() => {})
    return client
  }

  /** A server that does not answer is asked again over another connection. */
  async #drop(): Promise<void> {
    const client = await this.#client
    this.#client = null
    client?.destroy()
  }

  /** Begins to connect, so that operators hear at start what is wrong. */
  open(): Promise<Client> {
    this.#client ??= this.#connect()
    return this.#client
  }

  async #answer<T>(work: (client: Client) => Promise<T>, signal: AbortSignal): Promise<T> {
    const client = await this.open()
    if (!client.isReady) await once(client, 'ready', { signal })
    return work(client)
  }

  /** What the server answers. Rejects with Refusal 'upstream-unavailable' if it does not. */
  async ask<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const time = new AbortController()
    const late = sleep(patience, null, { signal: time.signal, ref: false })
    const asked = this.#answer(work, time.signal)
    try {
      const first = await Promise.race([asked.then((answer) => ({ answer })), late])
      if (first !== null) {
        this.#note(null)
        return first.answer
      }
      await this.#drop()
      throw new Error(`it does not answer within ${patience / 1_000} s`)
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
    await this.#drop()
  }
}
