import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { type ArtifactRequest, isArtifactRequest } from '../../rewrite/request/artifact-request.ts'
import { isUpstreamRequest, type UpstreamRequest } from '../../rewrite/request/upstream-request.ts'
import type { Config } from '../config/config-types.ts'
import { type ArtifactCall, isArtifactCall } from './artifact-call.ts'
import { refusesCredentials } from './authentication-errors.ts'
import type { Layer, SendExchange } from './exchange.ts'
import { refuseIntermediary } from './intermediaries.ts'
import { mePath } from './open-questions.ts'
import { type OwnWrite, writeOut } from './own-writes.ts'
import { Transport } from './transport.ts'
import { briefly, type UpstreamAnswer } from './upstream-answer.ts'
import { type CallerCredentials, withoutSignal } from './upstream-credentials.ts'

/** Milliseconds: every first request of a caller waits for it. */
const whoWithin = 10_000

/** The one client of MLflow. It takes granted requests, and the proxy's own look-ups. */
export class Upstream {
  readonly transport: Transport
  readonly #exchange: SendExchange

  /** `layer`: through which every exchange goes, where the upstream does not itself serve what MLflow does. */
  constructor(config: Config['upstream'], log: Pick<Logger, 'warn'> = { warn: () => undefined }, layer: Layer = (send) => send) {
    const transport = new Transport(config, log)
    this.transport = transport
    this.#exchange = layer((exchange) => transport.exchange(exchange))
  }

  get kind(): Transport['kind'] {
    return this.transport.kind
  }

  /** Sends a granted request and reads the answer whole. A read is tried once more when the connection broke before an answer. */
  send(
    request: UpstreamRequest,
    caller: CallerCredentials,
    { repeatable = false, reads = false, chargedByReader = false } = {},
  ): Promise<UpstreamAnswer> {
    if (!isUpstreamRequest(request)) return Promise.reject(new TypeError('nothing is forwarded without a grant'))
    const { method, target, spans } = request
    const { bytes: body, headers } = spans ?? { bytes: request.body, headers: {} }
    const { noteStatus } = caller
    return this.#exchange({ method, target, body, headers, caller, repeatable, reads, chargedByReader, noteStatus })
  }

  /** Asks MLflow something that the proxy itself must know. Reading only. */
  async lookUp(path: string, query: Readonly<Record<string, string>>, caller: CallerCredentials): Promise<UpstreamAnswer> {
    const target = `${path}?${new URLSearchParams(query)}`
    return briefly(await this.#exchange({ method: 'GET', target, body: null, caller, repeatable: true }))
  }

  /** Asks a Databricks workspace who a caller is: with the caller's own token, whatever the proxy's credentials are. */
  async askWho(token: string): Promise<UpstreamAnswer> {
    const caller = { authorization: `Bearer ${token}` }
    const within = Math.min(whoWithin, this.transport.timeouts.answer)
    const exchange = { method: 'GET', target: mePath, body: null, caller, repeatable: true, within }
    const answer = await this.transport.exchangeOnce(exchange, caller)
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

  close(): Promise<void> {
    return this.transport.close()
  }
}
