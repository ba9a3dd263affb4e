import type { FastifyRequest } from 'fastify'
import { decide } from '../../policy/decide.ts'
import type { OpenEndpoint } from '../../policy/endpoints/endpoint.ts'
import { serverKindOf } from '../../policy/environments/environment.ts'
import { reads } from '../../policy/evaluation-context.ts'
import type { Grant } from '../../policy/grant.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import { Refusal } from '../../policy/reasons.ts'
import type { Config } from '../config/config-types.ts'
import type { Clock } from '../facts/clock.ts'
import { evaluate } from '../facts/evaluate.ts'
import type { Facts } from '../facts/facts.ts'
import { type RequestContext, requestContextOf } from '../http/request-context.ts'
import { whenReady } from '../network/when-ready.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { noteGranted, noteMade, noteRequested } from './audit-notes.ts'
import type { MessageForm } from './forms/message-form.ts'
import type { PromotionLocks } from './promotion-locks.ts'
import { provision } from './provision.ts'
import { chooseStrategies, type GrantedRequest, type Strategy } from './strategies/strategy.ts'
import { TimingGuard } from './timing/timing-guard.ts'

/** What the stages of a request's way are made of. */
export interface PipelineParts {
  readonly config: Config
  readonly upstream: Upstream
  readonly facts: Facts
  readonly clock: Clock
  /** Why changes are refused, because the audit cannot be written; null: it can. */
  readonly auditFailing: () => string | null
  readonly promotions: PromotionLocks
  /** Carries out what no other strategy does. */
  readonly forward: Strategy
  /** The strategies that serve some endpoints alone. */
  readonly own: readonly Strategy[]
}

/** By what requests are counted that wait for their turn. */
const shares = { up: 'bytes', down: 'bytes', both: 'models' } as const

/** The one way of every request: who asks, a place among the others, the decision, and what carries it out. No policy is in it. */
export class Pipeline {
  readonly #config: Config
  readonly #upstream: Upstream
  readonly #facts: Facts
  readonly #promotions: PromotionLocks
  /** The number of promotions when a grant's decision began. */
  readonly #decidedAt = new WeakMap<Grant, number>()
  readonly #strategies: ReadonlyMap<OpenEndpoint, Strategy>
  readonly #guard: TimingGuard
  /** The number of promotions that the facts kept are not older than. */
  #noticed = 0
  readonly #auditFailing: () => string | null

  constructor({ config, upstream, facts, clock, promotions, forward, own, auditFailing }: PipelineParts) {
    this.#promotions = promotions
    this.#config = config
    this.#upstream = upstream
    this.#facts = facts
    this.#auditFailing = auditFailing
    this.#guard = new TimingGuard(clock)
    this.#strategies = chooseStrategies(serverKindOf(config), own, forward)
  }

  /** The context of an admitted request. Throws the refusal if it has no environment; throws, or rejects with, the refusal if it is shed. */
  enter(name: string, bytes: OpenEndpoint['bytes'], request: FastifyRequest): RequestContext | Promise<RequestContext> {
    const requestContext = requestContextOf(this.#config, name, request)
    const admitted = request.admission.enter(bytes === undefined ? 'messages' : shares[bytes], requestContext)
    return admitted === null ? requestContext : admitted.then(() => requestContext)
  }

  /** Turns a request into a grant. Throws the refusal of a denied request. */
  async grant(
    endpoint: OpenEndpoint,
    request: FastifyRequest,
    read: MessageForm['read'],
  ): Promise<Pick<GrantedRequest, 'requestContext' | 'grant'>> {
    request.auditRecord.action = endpoint.action
    const entered = this.enter(endpoint.name, endpoint.bytes, request)
    const requestContext = entered instanceof Promise ? await entered : entered
    const message = read(endpoint, request, this.#config)
    const judged = whenReady(message, (each) => this.#judge(requestContext, endpoint, each, false))
    return { requestContext, grant: judged instanceof Promise ? await judged : judged }
  }

  /**
   * Decides about a decoded message. Throws the refusal of a denied request. `fresh`: with current facts, not cached ones. If an
   * allowed request needs something that does not exist yet, it is created, and the decision is made again: a decision itself only reads.
   */
  async judge(requestContext: RequestContext, endpoint: OpenEndpoint, message: JsonObject, fresh = false): Promise<Grant> {
    return this.#judge(requestContext, endpoint, message, fresh)
  }

  #judge(requestContext: RequestContext, endpoint: OpenEndpoint, message: JsonObject, fresh: boolean): Grant | Promise<Grant> {
    if (!reads(endpoint)) this.checkAudit()
    const decide = () => this.#decide(requestContext, endpoint, message, fresh)
    return whenReady(decide(), (granted) => {
      if (granted.context.missing.length === 0) return granted
      return provision(this.#upstream, granted, requestContext.credentials).then(decide)
    })
  }

  /** Throws `audit-unavailable`: a change that nobody could account for is not made. */
  checkAudit(): void {
    if (this.#auditFailing() === null) return
    throw new Refusal(
      'audit-unavailable',
      'The audit of this proxy cannot be written at the moment, so changes are refused. Nothing was carried out; try again shortly, and tell the operators of the proxy.',
    )
  }

  #decide(requestContext: RequestContext, endpoint: OpenEndpoint, message: JsonObject, fresh: boolean): Grant | Promise<Grant> {
    const { mode, administrator, reader, record, environment, credentials, auditRecord } = requestContext
    noteRequested(auditRecord, endpoint, message)
    const facts = this.#facts.sourceFor(credentials, fresh)
    const request = { endpointName: endpoint.name, endpoint, message, mode, administrator, reader, record }
    const decidedAt = this.#promotions.promotions
    // Another worker may have made them.
    if (decidedAt !== this.#noticed) this.#facts.forgetVersions()
    this.#noticed = decidedAt
    const evaluation = decide(this.#config, environment, request)
    // A second decision need not be delayed: the caller already knows that it exists, and others wait for its end.
    const decision = fresh ? evaluate(evaluation, facts) : this.#guard.decide(evaluation, facts, credentials.signal)
    return whenReady(decision, (made) => {
      if ('deny' in made) throw made.deny
      noteGranted(auditRecord, endpoint, made.allow)
      this.#decidedAt.set(made.allow, decidedAt)
      return made.allow
    })
  }

  /**
   * Holds off promotions of what the request changes, or other changes to what it promotes, until `release`. Decides again, with current
   * facts, if something was promoted since the decision, or if `again` is set. Throws as `judge`.
   */
  async hold(
    requestContext: RequestContext,
    granted: Grant,
    again = false,
  ): Promise<{ readonly grant: Grant; readonly release: () => void }> {
    const { signal } = requestContext.credentials
    const { stale, release } = await this.#promotions.enter(granted.context, this.#decidedAt.get(granted), signal)
    try {
      const grant = stale || again ? await this.judge(requestContext, granted.endpoint, granted.message, true) : granted
      return { grant, release }
    } catch (error) {
      release()
      throw error
    }
  }

  /** The proxy itself has changed what it says of a version. */
  forgetVersions(): void {
    this.#facts.forgetVersions()
  }

  /** Carries out a granted message; returns the answer with the caller's names. Throws as its strategy, and as `judge`. */
  async complete({ requestContext, grant: granted, printsRows }: GrantedRequest): Promise<JsonObject> {
    const { changes, promotes } = granted.context
    const isFree = changes.length + promotes.length === 0
    const { grant, release } = isFree ? { grant: granted, release: null } : await this.hold(requestContext, granted)
    try {
      const strategy = this.#strategies.get(grant.endpoint)
      if (strategy === undefined) throw new TypeError(`${grant.endpoint.name} is in no table of this upstream`)
      const answer = await this.#guard.answer(grant, requestContext.credentials.signal, () =>
        strategy.carryOut({ requestContext, grant, printsRows }),
      )
      if (grant.endpoint.makes === 'version') noteMade(requestContext.auditRecord, answer)
      return answer
    } finally {
      release?.()
    }
  }
}
