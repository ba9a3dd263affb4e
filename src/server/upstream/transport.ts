import type { Logger } from 'pino'
import type { Dispatcher } from 'undici'
import type { UpstreamKind } from '../../policy/environments/environment.ts'
import type { Config, UpstreamCredentials } from '../config/config-types.ts'
import { type UpstreamTimeouts, upstreamTimeouts } from '../config/upstream-timeouts.ts'
import { checkUpstreamAuthentication, refusesCredentials, type TokenOwner } from './authentication-errors.ts'
import type { Exchange } from './exchange.ts'
import { refuseIntermediary, type WordlessAnswer } from './intermediaries.ts'
import type { MessagePool } from './kept-connections.ts'
import { type ExchangeOptions, MessageExchange, type NoteHead } from './message-exchange.ts'
import { RateLimiter } from './rate-limiter.ts'
import { isOverload, isTimeout, isTransportError, transportRefusal } from './transport-errors.ts'
import type { UpstreamAnswer } from './upstream-answer.ts'
import { isUnsent } from './upstream-connector.ts'
import { type CallerCredentials, type UpstreamCredentialSource, upstreamCredentials } from './upstream-credentials.ts'
import { makePools, type UpstreamPools } from './upstream-pools.ts'
import { readWorkspaceAnswer } from './workspace-answers.ts'

type Headers = Readonly<Record<string, string>>

/** What an exchange was for, the status of its answer (null: there was none), the milliseconds that it took, and the ids that went with it. */
export type NoteExchange = (
  purpose: 'message' | 'look-up',
  status: number | null,
  milliseconds: number,
  ids: CallerCredentials['ids'],
) => void

/** As many as MLflow starts gunicorn with by default. */
const gunicornWorkers = 4

/** The connections to the upstream: credentials, rate limit, time limits and retries of an exchange. What is asked is no concern of it. */
export class Transport {
  readonly origin: string
  readonly kind: UpstreamKind
  readonly credentials: UpstreamCredentialSource
  readonly timeouts: UpstreamTimeouts
  readonly pools: UpstreamPools
  readonly #modeOf: (environment?: string) => UpstreamCredentials['mode']
  readonly #rateLimiter: RateLimiter | null
  readonly #basePath: string
  #workers: number | null
  #workspaceId: string | null = null
  #hearWorkers: (workers: number) => void = () => undefined
  #noteExchange: NoteExchange = () => undefined

  constructor(config: Config['upstream'], log: Pick<Logger, 'warn'>) {
    const url = new URL(config.url)
    this.origin = url.origin
    this.kind = config.kind
    this.credentials = upstreamCredentials(config, log)
    this.#modeOf = (name = '') => (config.credentialsOf?.[name] ?? config.credentials).mode
    this.#rateLimiter = config.rates === undefined ? null : new RateLimiter(config.rates)
    this.#basePath = url.pathname.replace(/\/$/, '')
    this.#workers = config.workers ?? null
    this.timeouts = config.timeouts ?? upstreamTimeouts
    this.pools = makePools(url, this.timeouts, config, this.#workers === null)
  }

  /** Whether the upstream is a gunicorn server, whose few workers each wait for the end of a request that they have begun. */
  get hasFewWorkers(): boolean {
    return this.#workers !== null
  }

  /** The number of the Databricks workspace, which is told with each of its answers; null until one came. */
  get workspaceId(): string | null {
    return this.#workspaceId
  }

  /** Whether callers of an environment are asked for as who they are: with their own tokens, or what these are exchanged for. */
  passesTokens(environment?: string): boolean {
    return this.#ownerOf(environment) !== 'proxy'
  }

  #ownerOf(environment?: string): TokenOwner {
    const mode = this.#modeOf(environment)
    if (mode === 'onBehalfOf') return 'exchanged'
    return mode === 'passthrough' ? 'caller' : 'proxy'
  }

  /** The path below the upstream's own prefix. */
  target(path: string): string {
    return `${this.#basePath}${path}`
  }

  /** `hear` is told how many workers the server has, each of which serves one request at a time: by the configuration, or as far as its answers tell. */
  hearWorkers(hear: (workers: number) => void): void {
    this.#hearWorkers = hear
    if (this.#workers !== null) hear(this.#workers)
  }

  /** `note` is called at the end of every exchange of messages. */
  onExchange(note: NoteExchange): void {
    this.#noteExchange = note
  }

  /** Credentials that are not accepted any more are replaced, where they can be, and nothing was carried out with them. */
  async exchange(exchange: Exchange): Promise<UpstreamAnswer> {
    const { caller } = exchange
    const read = this.credentials.read(caller)
    const credentials = read instanceof Promise ? await read : read
    const first = await this.exchangeOnce(exchange, credentials)
    const again = refusesCredentials(this.kind, first) && this.credentials.refuse(caller, credentials)
    const answer = again ? await this.exchangeOnce(exchange, await this.credentials.read(caller)) : first
    this.checkUpstreamAuthentication(answer, caller.environment)
    refuseIntermediary(answer, exchange.repeatable || exchange.method === 'GET')
    return answer
  }

  /** The same with these credentials and no others. Whatever the answer says is left to whoever asks. */
  async exchangeOnce(exchange: Exchange, credentials: Headers): Promise<UpstreamAnswer> {
    const { method, target, body, caller, repeatable, noteStatus, within = this.timeouts.answer } = exchange
    const { signal: gone } = caller
    gone?.throwIfAborted()
    const headers: Record<string, string> = { accept: 'application/json', ...credentials }
    if (body !== null) headers['content-type'] = 'application/json'
    Object.assign(headers, exchange.headers, caller.ids)
    const began = performance.now()
    const exchangeOptions = {
      within,
      connect: this.timeouts.connect,
      gone: (exchange.reads ?? method === 'GET') ? gone : undefined,
      memory: caller.memory,
      chargedByReader: exchange.chargedByReader,
    }
    const note: NoteHead = (status, { server, 'x-databricks-org-id': workspaceId, 'x-request-id': requestId }) => {
      noteStatus?.(status, requestId)
      this.#noteServer(server)
      this.#noteWorkspace(workspaceId)
    }
    let answered: number | null = null
    try {
      if (this.#rateLimiter !== null) {
        await this.#rateLimiter.enter(target)
        gone?.throwIfAborted()
      }
      const idempotent = repeatable || method === 'GET'
      const options = { method: method as Dispatcher.HttpMethod, path: this.target(target), headers, body, idempotent }
      const answer = await this.#ask(options, exchangeOptions, note)
      answered = answer.status
      return readWorkspaceAnswer(this.kind, answer)
    } catch (error) {
      if (!isTransportError(error) && !isOverload(error)) throw error
      throw transportRefusal(error, { again: repeatable || method === 'GET', after: performance.now() - began })
    } finally {
      this.#noteExchange(noteStatus === undefined ? 'look-up' : 'message', answered, performance.now() - began, caller.ids)
    }
  }

  /** A read whose connection broke before an answer is asked for once more, on a connection of its own. */
  #ask(options: Dispatcher.DispatchOptions, exchangeOptions: ExchangeOptions, note: NoteHead): Promise<UpstreamAnswer> {
    const exchange = new MessageExchange(exchangeOptions, note)
    const answer = exchange.over(this.pools.messages, options)
    if (options.method !== 'GET') return answer
    return answer.catch((error) => {
      const broke = isTransportError(error) && !isUnsent(error) && !isTimeout(error)
      if (exchange.begun || !broke) throw error
      return new MessageExchange(exchangeOptions, note).over(this.pools.single, options)
    })
  }

  #noteServer(server: string | string[] | undefined): void {
    if (this.#workers !== null || typeof server !== 'string' || !/^gunicorn\b/i.test(server)) return
    this.#workers = gunicornWorkers
    // It may have a worker wait for the next request of a kept connection.
    this.pools.messages.keepNone?.()
    this.#hearWorkers(this.#workers)
  }

  #noteWorkspace(id: string | string[] | undefined): void {
    if (this.kind === 'databricks' && typeof id === 'string' && /^[0-9]{1,20}$/.test(id)) this.#workspaceId = id
  }

  /** For an answer that went to the caller as a stream: whoever comes next has other credentials. */
  noteRefusal(answer: Pick<UpstreamAnswer, 'status' | 'text'>, caller: CallerCredentials, headers: Headers): void {
    if (refusesCredentials(this.kind, answer)) this.credentials.refuse(caller, headers)
  }

  /** Throws where MLflow will not have the proxy itself. (What it thinks of the caller's own token is for the caller to hear.) */
  checkUpstreamAuthentication(answer: WordlessAnswer, environment?: string): void {
    checkUpstreamAuthentication(this.kind, this.#ownerOf(environment), answer)
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.pools).map((pool: MessagePool) => pool.close()))
  }
}
