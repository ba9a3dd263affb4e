import type { CryptoKey } from 'jose'
import { type Dispatcher, request } from 'undici'
import type { Outbound } from '../config/proxy-settings.ts'
import { readSecretFile } from '../config/secret-file.ts'
import { readBounded } from '../network/bounded-text.ts'
import { questionAgent } from '../network/connector.ts'
import { describeNetworkError } from '../network/network-error.ts'
import type { KeyPlace } from './key-place.ts'
import { ReadBudget } from './key-read-budget.ts'
import { readKeySet, type SigningKey } from './key-set.ts'

/** The result of reading the issuer's keys; `problem` is null on success. */
export interface KeyReading {
  readonly keys: number
  readonly problem: string | null
  /** Seconds by which the issuer's clock is ahead of this machine's; null: it did not say. */
  readonly ahead: number | null
}

/** What a key source needs; the clock counts milliseconds and only differences matter. */
export interface KeySourceOptions {
  readonly place: KeyPlace
  readonly clock?: () => number
  readonly report?: (reading: KeyReading) => void
  /** Calls a function after some milliseconds, unless the returned function is called first. */
  readonly later?: (work: () => void, milliseconds: number) => () => void
  /** Forward proxies and certificate authorities; default: none. */
  readonly outbound?: Outbound
  /** Used instead of its own connections; the caller closes it. */
  readonly dispatcher?: Dispatcher
}

const largestAnswer = 512 * 1024
const answerWithin = 3_000
const refreshAfter = 300_000
/** Delays after consecutive failed readings, in milliseconds; the last one repeats. */
const waits = { withoutKeys: [500, 1_000, 2_000, 5_000], withKeys: [5_000, 10_000, 20_000, 30_000] }

/**
 * The issuer's signing keys, read in the background from the start. After a bad answer or an outage the known keys remain;
 * only a good answer replaces them. An unknown key id causes a reading at once, within the budget.
 */
export class KeySource {
  readonly #options: KeySourceOptions
  readonly #clock: () => number
  readonly #dispatcher: Dispatcher
  readonly #budget = new ReadBudget()
  #keys: ReadonlyMap<string, SigningKey> = new Map()
  #reading: Promise<boolean> | null = null
  #abort: AbortController | null = null
  #cancel = () => {}
  #failures = 0
  #ahead: number | null = null
  #readAt: number | null = null
  #closed = false

  constructor(options: KeySourceOptions) {
    this.#options = options
    this.#clock = options.clock ?? (() => performance.now())
    this.#dispatcher = options.dispatcher ?? questionAgent(options.outbound, answerWithin)
    void this.refresh()
  }

  /** True after the first good answer. */
  get ready(): boolean {
    return this.#keys.size > 0
  }

  /** Whether the issuer was asked once, whatever it answered. */
  get tried(): boolean {
    return this.ready || this.#failures > 0
  }

  /** Seconds since the keys were read, if the last attempt failed; otherwise null. */
  get staleFor(): number | null {
    return this.#failures === 0 || this.#readAt === null ? null : Math.round((this.#clock() - this.#readAt) / 1_000)
  }

  /** The key with this id as last read, without a request. */
  current(id: string): CryptoKey | undefined {
    return this.#keys.get(id)?.key
  }

  /** The key with this id; asks the issuer if it is unknown and the budget allows it. Never throws. */
  async find(id: string): Promise<CryptoKey | undefined> {
    if (!this.#keys.has(id)) await this.#reading
    if (!this.#keys.has(id) && this.ready && this.#budget.take(this.#clock())) await this.refresh()
    return this.current(id)
  }

  /** Reads the keys now, or waits for the reading in progress; returns whether the answer was good. */
  refresh(): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false)
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null
      this.#schedule()
    })
    return this.#reading
  }

  /** Stops reading; known keys stay usable. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancel()
    this.#abort?.abort()
    await this.#reading
    if (this.#options.dispatcher === undefined) await this.#dispatcher.destroy()
  }

  async #read(): Promise<boolean> {
    this.#cancel()
    this.#budget.note(this.#clock())
    const abort = new AbortController()
    this.#abort = abort
    const timer = setTimeout(() => abort.abort(), answerWithin)
    let problem: string | null = null
    try {
      const { place } = this.#options
      const read = (url: string) => this.#fetch(url, abort.signal)
      this.#keys = await readKeySet(await read(await place.locate(read)), place, this.#keys)
    } catch (error) {
      problem = abort.signal.aborted ? 'no answer in time' : describeNetworkError(error)
    }
    clearTimeout(timer)
    this.#failures = problem === null ? 0 : this.#failures + 1
    if (problem === null) this.#readAt = this.#clock()
    if (!this.#closed) this.#options.report?.({ keys: this.#keys.size, problem, ahead: this.#ahead })
    return problem === null
  }

  async #fetch(url: string, signal: AbortSignal): Promise<string> {
    const { tokenFile } = this.#options.place
    const token = tokenFile === undefined ? {} : { authorization: `Bearer ${readSecretFile(tokenFile)}` }
    // Kubernetes gives its key set to nobody who asks for JSON alone.
    const headers = { accept: 'application/json, application/jwk-set+json', 'accept-encoding': 'identity', ...token }
    const answer = await request(url, { dispatcher: this.#dispatcher, signal, headers })
    const { statusCode, body, headers: headersGiven } = answer
    this.#ahead = secondsAhead(headersGiven)
    const text = await readBounded(body, largestAnswer)
    if (statusCode !== 200) throw new Error(`the issuer answered with status ${statusCode}`)
    return text
  }

  #schedule(): void {
    if (this.#closed) return
    const steps = this.ready ? waits.withKeys : waits.withoutKeys
    const wait = this.#failures === 0 ? refreshAfter : steps[Math.min(this.#failures, steps.length) - 1]
    this.#cancel()
    this.#cancel = (this.#options.later ?? later)(() => void this.refresh(), wait ?? refreshAfter)
  }
}

/** By how much a server's clock is ahead, by the time at which it, or a cache's source, answered. */
function secondsAhead({ date, age = '0' }: Readonly<Record<string, string | string[] | undefined>>): number | null {
  const answered = Date.parse(String(date)) + Number(age) * 1_000
  return Number.isFinite(answered) ? Math.round((answered - Date.now()) / 1_000) : null
}

function later(work: () => void, milliseconds: number): () => void {
  const timer = setTimeout(work, milliseconds).unref()
  return () => clearTimeout(timer)
}
