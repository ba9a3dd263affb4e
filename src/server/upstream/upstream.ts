import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Dispatcher } from 'undici'
import { type UpstreamKind, usesCatalog } from '../../policy/environments/environment.ts'
import { type ArtifactRequest, isArtifactRequest } from '../../rewrite/request/artifact-request.ts'
import { isUpstreamRequest, type UpstreamRequest } from '../../rewrite/request/upstream-request.ts'
import type { Config, UpstreamCredentials } from '../config/config-types.ts'
import { type ArtifactCall, isArtifactCall } from '../databricks/artifact-call.ts'
import { askCatalog } from '../databricks/unity-catalog-registry.ts'
import { StreamDispatcher } from '../pipeline/streams/stream-dispatcher.ts'
import { checkUpstreamAuthentication, refusesCredentials } from './authentication-errors.ts'
import type { Exchange } from './exchange.ts'
import { refuseIntermediary } from './intermediaries.ts'
import { mePath } from './open-questions.ts'
import { type OwnWrite, writeOut } from './own-writes.ts'
import { RateLimiter } from './rate-limiter.ts'
import { TimeLimit } from './time-limit.ts'
import { isOverload, isTimeout, isTransportError, transportRefusal } from './transport-errors.ts'
import { briefly, readAnswer, type UpstreamAnswer } from './upstream-answer.ts'
import { isUnsent } from './upstream-connector.ts'
import { type CallerCredentials, type CredentialSource, upstreamCredentials, withoutSignal } from './upstream-credentials.ts'
import { makePools, type UpstreamPools, type UpstreamTimeouts, upstreamTimeouts } from './upstream-pools.ts'
import { heardFrom } from './workspace-answers.ts'

type Request = Dispatcher.RequestOptions

/** Milliseconds: every first request of a caller waits for it. */
const whoWithin = 10_000

/** As many as MLflow starts gunicorn with by default. */
const gunicornWorkers = 4

/** The one door to MLflow. It takes granted requests, and the proxy's own look-ups. */
export class Upstream {
  readonly origin: string
  readonly kind: UpstreamKind
  readonly #inCatalog: boolean
  readonly credentials: CredentialSource
  readonly #modeOf: (environment?: string) => UpstreamCredentials['mode']
  readonly #pace: RateLimiter | null
  readonly #basePath: string
  /** The way of bytes, in the form that @fastify/http-proxy takes. */
  readonly dispatcher: StreamDispatcher
  /** The same for calls to served models, which may take their time. */
  readonly models: StreamDispatcher
  readonly #pools: UpstreamPools
  #workers: number | null
  #workspaceId: string | null = null
  #hearWorkers: (workers: number) => void = () => undefined
  readonly #timeouts: UpstreamTimeouts

  constructor(config: Config['upstream'], log: Pick<Logger, 'warn'> = { warn: () => undefined }) {
    const url = new URL(config.url)
    this.origin = url.origin
    this.kind = config.kind
    this.#inCatalog = usesCatalog(config)
    this.credentials = upstreamCredentials(config, log)
    this.#modeOf = (name = '') => (config.credentialsOf?.[name] ?? config.credentials).mode
    this.#pace = config.rates === undefined ? null : new RateLimiter(config.rates)
    this.#basePath = url.pathname.replace(/\/$/, '')
    this.#workers = config.workers ?? null
    this.#timeouts = config.timeouts ?? upstreamTimeouts
    this.#pools = makePools(url, this.#timeouts, config.outbound)
    this.dispatcher = new StreamDispatcher(this.#pools.bytes, {
      answer: ['download', this.#timeouts.download],
      upload: ['upload', this.#timeouts.upload],
      idle: ['pause', this.#timeouts.pause],
    })
    this.models = new StreamDispatcher(this.#pools.models, {
      answer: ['model', this.#timeouts.model],
      upload: ['model', this.#timeouts.model],
      idle: ['model', this.#timeouts.model],
    })
  }

  /** Whether the upstream is a gunicorn server, whose few workers each wait for the end of a request that they have begun. */
  get hasFewWorkers(): boolean {
    return this.#workers !== null
  }

  /** The path below the upstream's own prefix. */
  target(path: string): string {
    return `${this.#basePath}${path}`
  }

  /** Sends a granted request and reads the answer whole. A read is tried once more when the connection broke before an answer. */
  async send(
    request: UpstreamRequest,
    caller: CallerCredentials,
    { repeatable = false, reads = false } = {},
  ): Promise<UpstreamAnswer> {
    if (!isUpstreamRequest(request)) throw new TypeError('nothing is forwarded without a grant')
    const { method, target, spans } = request
    const { bytes: body, headers } = spans ?? { bytes: request.body, headers: {} }
    return this.#exchange({ method, target, body, headers, caller, repeatable, reads, noteStatus: caller.noteStatus })
  }

  /** Asks MLflow something that the proxy itself must know. Reading only. */
  async lookUp(path: string, query: Readonly<Record<string, string>>, caller: CallerCredentials): Promise<UpstreamAnswer> {
    const target = `${path}?${new URLSearchParams(query)}`
    return briefly(await this.#exchange({ method: 'GET', target, body: null, caller, repeatable: true }))
  }

  /** Asks a Databricks workspace who a caller is: with the caller's own token, whatever the proxy's credentials are. */
  async askWho(token: string): Promise<UpstreamAnswer> {
    const caller = { authorization: `Bearer ${token}` }
    const within = Math.min(whoWithin, this.#timeouts.answer)
    const answer = await this.#exchangeOnce(
      { method: 'GET', target: mePath, body: null, caller, repeatable: true, within },
      caller,
    )
    if (!refusesCredentials(this.kind, answer) && answer.status !== 403) refuseIntermediary(answer, true)
    return answer
  }

  /** Asks for several traces at once: MLflow has no other way that leaves their spans out. */
  async lookUpTraces(ids: readonly string[], caller: CallerCredentials): Promise<UpstreamAnswer> {
    const body = JSON.stringify({ trace_ids: ids })
    const target = '/api/3.0/mlflow/traces/batchGetInfos'
    return briefly(await this.#exchange({ method: 'POST', target, body, caller, repeatable: true, reads: true }))
  }

  /** One of the calls that a granted request for an artifact takes in a Databricks workspace. All of them may be sent again. */
  async askForArtifact(request: ArtifactRequest, call: ArtifactCall, caller: CallerCredentials): Promise<UpstreamAnswer> {
    if (!isArtifactRequest(request) || !isArtifactCall(call)) throw new TypeError('nothing is asked without a grant')
    return briefly(await this.#exchange({ ...call, caller, repeatable: true, noteStatus: caller.noteStatus }))
  }

  /** One of the few writes that the proxy itself has to make. */
  async write(write: OwnWrite, caller: CallerCredentials): Promise<UpstreamAnswer> {
    const { method, path, body } = writeOut(write)
    const text = JSON.stringify(body)
    // What it is a part of is half done.
    const settled = withoutSignal(caller)
    for (let tries = 1; ; tries++) {
      const answer = await this.#exchange({ method, target: path, body: text, caller: settled, repeatable: true })
      const wait = answer.retryAfter ?? 1
      // A change that waits for this one is half made: better a moment late than not at all.
      if (answer.status !== 429 || tries === 3 || typeof wait !== 'number' || wait > 5) return answer
      await pause(wait * 1_000)
    }
  }

  /** Models that are registered in Unity Catalog are asked for there. */
  async #exchange(exchange: Exchange): Promise<UpstreamAnswer> {
    const { method, target, body } = exchange
    if (!this.#inCatalog || body instanceof Uint8Array) return this.#exchangeAsIs(exchange)
    // One request may take several there: only those that change nothing more may be sent again.
    return askCatalog({ method, target, body }, (call) => this.#exchangeAsIs({ ...exchange, ...call }))
  }

  /** Credentials that are not accepted any more are replaced, where they can be, and nothing was carried out with them. */
  async #exchangeAsIs(exchange: Exchange): Promise<UpstreamAnswer> {
    const { caller } = exchange
    const credentials = await this.credentials.read(caller)
    const first = await this.#exchangeOnce(exchange, credentials)
    const again = refusesCredentials(this.kind, first) && this.credentials.refuse(caller, credentials)
    const answer = again ? await this.#exchangeOnce(exchange, await this.credentials.read(caller)) : first
    this.checkUpstreamAuthentication(answer, caller.environment)
    refuseIntermediary(answer, exchange.repeatable || exchange.method === 'GET')
    return answer
  }

  /** For an answer that went to the caller as a stream: whoever comes next has other credentials. */
  noteRefusal(
    answer: Pick<UpstreamAnswer, 'status' | 'text'>,
    caller: CallerCredentials,
    headers: Readonly<Record<string, string>>,
  ) {
    if (refusesCredentials(this.kind, answer)) this.credentials.refuse(caller, headers)
  }

  async #exchangeOnce(exchange: Exchange, credentials: Readonly<Record<string, string>>): Promise<UpstreamAnswer> {
    const { method, target, body, caller, repeatable, noteStatus, within = this.#timeouts.answer } = exchange
    const { signal: gone } = caller
    gone?.throwIfAborted()
    const headers: Record<string, string> = { accept: 'application/json', ...credentials }
    if (body !== null) headers['content-type'] = 'application/json'
    Object.assign(headers, exchange.headers)
    const limit = new TimeLimit()
    const began = performance.now()
    try {
      await this.#pace?.enter(target)
      gone?.throwIfAborted()
      limit.begin('answer', within, this.#timeouts.connect)
      const signal =
        gone !== undefined && (exchange.reads ?? method === 'GET') ? AbortSignal.any([gone, limit.signal]) : limit.signal
      const options = { method: method as Dispatcher.HttpMethod, path: this.target(target), headers, body, signal }
      const response = await this.#open(options)
      noteStatus?.(response.statusCode)
      this.#noteServer(response.headers.server)
      this.#noteWorkspace(response.headers['x-databricks-org-id'])
      limit.begin('answer', within)
      return heardFrom(this.kind, await readAnswer(response, caller.memory))
    } catch (error) {
      if (!isTransportError(error) && !isOverload(error)) throw error
      throw transportRefusal(error, { again: repeatable || method === 'GET', after: performance.now() - began })
    } finally {
      limit.end()
    }
  }

  /** `hear` is told how many workers the server has, each of which serves one request at a time: by the configuration, or as far as its answers tell. */
  hearWorkers(hear: (workers: number) => void): void {
    this.#hearWorkers = hear
    if (this.#workers !== null) hear(this.#workers)
  }

  #noteServer(server: string | string[] | undefined): void {
    if (this.#workers !== null || typeof server !== 'string' || !/^gunicorn\b/i.test(server)) return
    this.#workers = gunicornWorkers
    this.#hearWorkers(this.#workers)
  }

  /** The number of the Databricks workspace, which is told with each of its answers; null until one came. */
  get workspaceId(): string | null {
    return this.#workspaceId
  }

  /** Whether callers of an environment are asked for with their own tokens. */
  passesTokens(environment: string): boolean {
    return this.#modeOf(environment) === 'passthrough'
  }

  #noteWorkspace(id: string | string[] | undefined): void {
    if (this.kind === 'databricks' && typeof id === 'string' && /^[0-9]{1,20}$/.test(id)) this.#workspaceId = id
  }

  async #open(options: Request): Promise<Dispatcher.ResponseData> {
    try {
      return await this.#pools.messages.request(options)
    } catch (error) {
      const broke = isTransportError(error) && !isUnsent(error) && !isTimeout(error)
      if (options.method !== 'GET' || !broke) throw error
      return this.#pools.messages.request(options)
    }
  }

  /** Throws where MLflow will not have the proxy itself. (What it thinks of the caller's own token is for the caller to hear.) */
  checkUpstreamAuthentication(answer: Pick<UpstreamAnswer, 'status' | 'text'>, environment?: string): void {
    checkUpstreamAuthentication(this.kind, this.#modeOf(environment) === 'passthrough', answer)
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.#pools).map((pool: Dispatcher) => pool.close()))
  }
}
