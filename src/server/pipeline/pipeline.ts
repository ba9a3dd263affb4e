import { requestedReferences } from '../../policy/audited-references.ts'
import { decide } from '../../policy/decide.ts'
import type { OpenEndpoint } from '../../policy/endpoints/endpoint.ts'
import { isRepeatable, reads } from '../../policy/evaluation-context.ts'
import type { VersionFact } from '../../policy/fact-query.ts'
import type { Grant } from '../../policy/grant.ts'
import type { RawCall } from '../../policy/messages/decode-call.ts'
import { decodeRequest } from '../../policy/messages/decode-request.ts'
import type { Json, JsonObject } from '../../policy/messages/json/json.ts'
import { textMeaning } from '../../policy/messages/message-fields.ts'
import { shapeOf } from '../../policy/messages/message-shape.ts'
import { emptyResult } from '../../rewrite/answer/empty-result.ts'
import { printedRows } from '../../rewrite/answer/printed-rows.ts'
import { rewriteAnswer } from '../../rewrite/answer/rewrite-answer.ts'
import { asksForNothing, type Page } from '../../rewrite/request/search-page.ts'
import { registrationRequest, type UpstreamRequest, upstreamRequest } from '../../rewrite/request/upstream-request.ts'
import type { VersionDetails } from '../../rewrite/unity-catalog/version-details.ts'
import type { Config } from '../config/config-types.ts'
import type { CatalogRegistrar } from '../databricks/unity-catalog-registrar.ts'
import type { WorkspaceArtifacts } from '../databricks/workspace-artifacts.ts'
import { type Clock, processClock } from '../facts/clock.ts'
import { entityKey } from '../facts/entity-lookups.ts'
import { EnvironmentCache } from '../facts/environment-cache.ts'
import { evaluate } from '../facts/evaluate.ts'
import { FactCaches } from '../facts/fact-cache.ts'
import { readFound, readVersion } from '../facts/look-up-answers.ts'
import { type MakeExperiment, MlflowFacts } from '../facts/mlflow-facts.ts'
import type { AuditRecord } from '../observability/audit-record.ts'
import { parseAnswer, parseExportAnswer } from '../upstream/parse-answer.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { UpstreamAnswer } from '../upstream/upstream-answer.ts'
import { type CallerCredentials, withoutSignal } from '../upstream/upstream-credentials.ts'
import { ensureDefaultExperiment } from './default-experiments.ts'
import { sendExperiment } from './experiment-writes.ts'
import type { PageTokens } from './page-tokens.ts'
import { askedPage, sealNext } from './pages.ts'
import { PromotionLocks } from './promotion-locks.ts'
import { finishRegistration } from './registration.ts'
import type { Outcome, RequestContext } from './request-context.ts'
import { type Admit, Searcher } from './search.ts'
import { admitShown, TimingGuard } from './timing/timing-guard.ts'
import { UnfinishedVersions } from './unfinished-versions.ts'
import { upstreamFailure } from './upstream-failure.ts'

/** A request's way through decoding, decision, forwarding and back. No policy is in it. */
export class Pipeline {
  readonly #config: Config
  readonly #upstream: Upstream
  readonly #memory = new FactCaches()
  readonly #promotions = new PromotionLocks()
  /** How many promotions there had been when a grant's decision began. */
  readonly #decidedAt = new WeakMap<Grant, number>()
  readonly #tokens: PageTokens
  readonly #searcher: Searcher
  readonly #unfinished: UnfinishedVersions
  readonly #artifacts: WorkspaceArtifacts | null
  readonly #registrar: CatalogRegistrar | null
  readonly #clock: Clock
  readonly #cover: TimingGuard

  constructor(
    config: Config,
    upstream: Upstream,
    tokens: PageTokens,
    artifacts: WorkspaceArtifacts | null = null,
    registrar: CatalogRegistrar | null = null,
    clock: Clock = processClock,
  ) {
    this.#clock = clock
    this.#cover = new TimingGuard(clock)
    this.#registrar = registrar
    this.#config = config
    this.#upstream = upstream
    this.#tokens = tokens
    this.#searcher = new Searcher(upstream, tokens)
    this.#unfinished = new UnfinishedVersions(upstream, () => this.#memory.versionsOfRun.clear())
    this.#artifacts = artifacts
  }

  /** Decodes and decides. Throws the refusal of a denied request. */
  async grant(requestContext: RequestContext, endpoint: OpenEndpoint, raw: RawCall): Promise<Grant> {
    return this.judge(requestContext, endpoint, decodeRequest(endpoint, raw, this.#config))
  }

  /**
   * Decides on a decoded message. Throws the refusal of a denied request. `fresh`: on what there is now, rather than a moment ago.
   */
  async judge(requestContext: RequestContext, endpoint: OpenEndpoint, message: JsonObject, fresh = false): Promise<Grant> {
    requestContext.auditRecord.references = requestedReferences(endpoint, message)
    const world = this.#world(requestContext, fresh)
    const { mode, administrator } = requestContext
    const request = { endpointName: endpoint.name, endpoint, message, mode, administrator }
    const decidedAt = this.#promotions.promotions
    const evaluation = decide(this.#config, requestContext.environment, request)
    // Who is looked at once more has been told already that it is there; and others wait for the end of it.
    const decision = fresh
      ? await evaluate(evaluation, world)
      : await this.#cover.decide(evaluation, world, requestContext.credentials.signal)
    if ('deny' in decision) throw decision.deny
    requestContext.auditRecord.decision = 'allow'
    requestContext.auditRecord.references = decision.allow.context.references
    this.#decidedAt.set(decision.allow, decidedAt)
    return decision.allow
  }

  #world({ credentials }: RequestContext, fresh = false): MlflowFacts {
    const makeExperiment: MakeExperiment = (name, caller) => ensureDefaultExperiment(this.#upstream, name, caller)
    const parts = {
      upstream: this.#upstream,
      memory: this.#memory,
      caller: credentials,
      makeExperiment,
      clock: this.#clock,
      fresh,
    }
    return new MlflowFacts(parts)
  }

  /**
   * Keeps promotions of what the request changes away, or others from what it promotes, until `release`. Decides anew, on what there is now,
   * where something was promoted since the decision, and where `again` says so. Throws as `judge`.
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

  /** Where the request left open whose rows it is for, the rows are asked about. */
  async #admit(
    requestContext: RequestContext,
    { endpoint, context }: Grant,
    message: string,
    rows: readonly Json[],
  ): Promise<void> {
    if (endpoint.anyExperiment === true) await admitShown(this.#world(requestContext), context, message, rows)
  }

  /** The request for an endpoint that carries bytes, to be streamed. */
  bytesRequest(grant: Grant): UpstreamRequest {
    return upstreamRequest(grant)
  }

  /** Forwards a granted request and brings its answer back. `answers`: whether rows that nobody looks into any more may be printed at once. */
  async complete(requestContext: RequestContext, granted: Grant, answers: 'printed' | 'read' = 'read'): Promise<Outcome> {
    const { grant, release } = await this.hold(requestContext, granted)
    try {
      return await this.#cover.answer(grant, requestContext.credentials.signal, () =>
        this.#carryOut(requestContext, grant, answers),
      )
    } finally {
      release()
    }
  }

  /** `once`: not a second time, whatever it finds. */
  async #carryOut(requestContext: RequestContext, grant: Grant, answers: 'printed' | 'read', once = false): Promise<Outcome> {
    const { endpoint, context } = grant
    const { credentials, principal, auditRecord } = requestContext
    if (endpoint.search !== undefined) {
      const admit: Admit = (message, rows) => this.#admit(requestContext, grant, message, rows)
      const { search } = endpoint
      const ask = () => this.#searcher.search(grant, search, principal, credentials, admit)
      const first = await ask()
      const found = 'rows' in first && (await this.#unfinished.finish(grant, first.rows, credentials)) ? await ask() : first
      if ('failed' in found) return this.#fail(auditRecord, grant, found.failed)
      auditRecord.upstreamStatus = 200
      return { answer: rewriteAnswer(grant, found.rows) }
    }
    if (asksForNothing(grant)) return { answer: new Map() }
    const unasked = emptyResult(grant)
    if (unasked !== null) return { answer: unasked }
    if (this.#artifacts?.serves(grant)) return this.#artifacts.complete(grant, credentials)
    if (this.#registrar?.serves(grant)) return this.#register(this.#registrar, requestContext, grant)
    if (context.version !== null) await finishRegistration(this.#upstream, context.version, context, credentials)
    await this.#unfinished.finishBefore(grant, credentials)
    const answer = await this.#send(grant, credentials, askedPage(this.#tokens, grant, principal))
    if (answer.status !== 200) return this.#fail(auditRecord, grant, answer)
    auditRecord.upstreamStatus = answer.status
    this.#forget(grant)
    const printed = answers === 'printed' ? printedRows(grant) : new Map()
    const parsed =
      endpoint.body === 'otlp' ? parseExportAnswer(answer) : parseAnswer(answer, endpoint.answersNaN === true, printed)
    if (!once && (await this.#unfinished.finish(grant, parsed, credentials)))
      return this.#carryOut(requestContext, grant, answers, true)
    this.#memory.learn(parsed, new EnvironmentCache(requestContext.environment.name))
    const message = await this.#finishVersion(requestContext, grant, parsed)
    for (const [name, { message: row = '' }] of shapeOf(endpoint.response).fields) {
      const value = message.get(name) ?? []
      await this.#admit(requestContext, grant, row, Array.isArray(value) ? value : [value])
    }
    return { answer: sealNext(this.#tokens, grant, principal, rewriteAnswer(grant, message)) }
  }

  /** Unity Catalog leaves it to its clients to bring a version's files. */
  async #register(registrar: CatalogRegistrar, { credentials, auditRecord }: RequestContext, grant: Grant): Promise<Outcome> {
    const create = async (details: VersionDetails) => {
      const answer = await this.#upstream.send(registrationRequest(grant, details), credentials)
      auditRecord.upstreamStatus = answer.status
      return answer
    }
    // What is half made is finished or taken away, whoever waits for it.
    const outcome = await registrar.register(grant, withoutSignal(credentials), create)
    this.#forget(grant)
    return outcome
  }

  async #send(grant: Grant, caller: CallerCredentials, page: Page | null = null): Promise<UpstreamAnswer> {
    const { endpoint } = grant
    const request = upstreamRequest(grant, page)
    const options = { repeatable: isRepeatable(endpoint), reads: reads(endpoint) }
    const send = () => this.#upstream.send(request, caller, options)
    const name = textMeaning(endpoint, grant.message, 'newExperimentName')
    return name === null ? send() : sendExperiment(this.#upstream, grant, name, caller, send)
  }

  #fail(auditRecord: AuditRecord, grant: Grant, answer: UpstreamAnswer): Outcome {
    auditRecord.upstreamStatus = answer.status
    return { failure: upstreamFailure(grant, answer) }
  }

  /** A version that is touched while its registration is unfinished is finished: above all the one that was just created. */
  async #finishVersion(requestContext: RequestContext, { endpoint, context }: Grant, message: JsonObject): Promise<JsonObject> {
    const row = message.get('model_version')
    if (!(row instanceof Map)) return message
    const fact = await this.#asKept(requestContext, endpoint, readVersion(row))
    if (fact.pendingStage === null && fact.pendingAlias === undefined) return message
    this.#memory.versionsOfRun.clear()
    const moved = await finishRegistration(this.#upstream, fact, context, requestContext.credentials)
    if (moved === null || endpoint.name === 'finalizeCatalogVersion') return message
    return new Map(message).set('model_version', moved)
  }

  /** A version that a client of Unity Catalog has just finished: that answer does not say what note is on it. */
  async #asKept({ credentials }: RequestContext, { name }: OpenEndpoint, fact: VersionFact): Promise<VersionFact> {
    if (name !== 'finalizeCatalogVersion') return fact
    const query = { name: fact.name, version: fact.version }
    const settled = withoutSignal(credentials)
    const found = readFound(await this.#upstream.lookUp('/api/2.0/mlflow/model-versions/get', query, settled))
    return found === null ? fact : readVersion(found.get('model_version'))
  }

  /** What a change may have made untrue is not remembered. */
  #forget({ endpoint, message, context }: Grant): void {
    if (reads(endpoint)) return
    if (endpoint.resource === 'modelVersion' || endpoint.resource === 'registeredModel') this.#memory.versionsOfRun.clear()
    if (endpoint.resource === 'experiment') this.#memory.experiments.clear()
    const dataset = textMeaning(endpoint, message, 'dataset')
    if (dataset !== null)
      new EnvironmentCache(context.environment.name).forget(this.#memory.entities, entityKey('dataset', dataset))
    if (endpoint.resource === 'trace') this.#memory.traces.clear()
  }
}
