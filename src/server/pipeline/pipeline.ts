import { askedReferences } from '../../policy/audited-references.ts'
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
import { answerUnasked } from '../../rewrite/answer/empty-result.ts'
import { printedRows } from '../../rewrite/answer/printed-rows.ts'
import { rewriteAnswer } from '../../rewrite/answer/rewrite-answer.ts'
import { asksForNothing, type Page } from '../../rewrite/request/search-page.ts'
import { registrationRequest, type UpstreamRequest, upstreamRequest } from '../../rewrite/request/upstream-request.ts'
import type { VersionDetails } from '../../rewrite/unity-catalog/version-details.ts'
import type { Config } from '../config/config-types.ts'
import type { CatalogRegistrar } from '../databricks/unity-catalog-registrar.ts'
import type { WorkspaceArtifacts } from '../databricks/workspace-artifacts.ts'
import { entityKey } from '../facts/entity-lookups.ts'
import { Recollection } from '../facts/environment-cache.ts'
import { follow } from '../facts/evaluate.ts'
import { Memory } from '../facts/fact-cache.ts'
import { parseAnswer, parseExportAnswer, readFound, readVersion } from '../facts/look-up-answers.ts'
import { type MakeExperiment, MlflowWorld } from '../facts/mlflow-facts.ts'
import type { Trail } from '../observability/audit-record.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { UpstreamAnswer } from '../upstream/upstream-answer.ts'
import { type CallerCredentials, withoutSignal } from '../upstream/upstream-credentials.ts'
import { ensureDefaultExperiment } from './default-experiments.ts'
import { sendExperiment } from './experiment-writes.ts'
import type { PageTokens } from './page-tokens.ts'
import { askedPage, sealNext } from './pages.ts'
import { PromotionLocks } from './promotion-locks.ts'
import { finishRegistration } from './registration.ts'
import type { Arrival, Visit } from './request-context.ts'
import { type Admit, Searcher } from './search.ts'
import { type Clock, processClock } from './timing/clock.ts'
import { admitShown, Cover } from './timing/cover.ts'
import { UnfinishedVersions } from './unfinished-versions.ts'
import { upstreamFailure } from './upstream-failure.ts'

/** A request's way through decoding, decision, forwarding and back. No policy is in it. */
export class Journey {
  readonly #config: Config
  readonly #upstream: Upstream
  readonly #memory = new Memory()
  readonly #promotions = new PromotionLocks()
  /** How many promotions there had been when a grant's decision began. */
  readonly #decidedAt = new WeakMap<Grant, number>()
  readonly #tokens: PageTokens
  readonly #searcher: Searcher
  readonly #unfinished: UnfinishedVersions
  readonly #artifacts: WorkspaceArtifacts | null
  readonly #registrar: CatalogRegistrar | null
  readonly #clock: Clock
  readonly #cover: Cover

  constructor(
    config: Config,
    upstream: Upstream,
    tokens: PageTokens,
    artifacts: WorkspaceArtifacts | null = null,
    registrar: CatalogRegistrar | null = null,
    clock: Clock = processClock,
  ) {
    this.#clock = clock
    this.#cover = new Cover(clock)
    this.#registrar = registrar
    this.#config = config
    this.#upstream = upstream
    this.#tokens = tokens
    this.#searcher = new Searcher(upstream, tokens)
    this.#unfinished = new UnfinishedVersions(upstream, () => this.#memory.versionsOfRun.clear())
    this.#artifacts = artifacts
  }

  /** Decodes and decides. Throws the refusal of a denied request. */
  async grant(visit: Visit, endpoint: OpenEndpoint, raw: RawCall): Promise<Grant> {
    return this.judge(visit, endpoint, decodeRequest(endpoint, raw, this.#config))
  }

  /**
   * Decides on a decoded message. Throws the refusal of a denied request. `fresh`: on what there is now, rather than a moment ago.
   */
  async judge(visit: Visit, endpoint: OpenEndpoint, message: JsonObject, fresh = false): Promise<Grant> {
    visit.trail.references = askedReferences(endpoint, message)
    const world = this.#world(visit, fresh)
    const { mode, administrator } = visit
    const request = { endpointName: endpoint.name, endpoint, message, mode, administrator }
    const decidedAt = this.#promotions.promotions
    const inquiry = decide(this.#config, visit.environment, request)
    // Who is looked at once more has been told already that it is there; and others wait for the end of it.
    const decision = fresh ? await follow(inquiry, world) : await this.#cover.decide(inquiry, world, visit.credentials.signal)
    if ('deny' in decision) throw decision.deny
    visit.trail.decision = 'allow'
    visit.trail.references = decision.allow.findings.references
    this.#decidedAt.set(decision.allow, decidedAt)
    return decision.allow
  }

  #world({ credentials }: Visit, fresh = false): MlflowWorld {
    const makeExperiment: MakeExperiment = (name, caller) => ensureDefaultExperiment(this.#upstream, name, caller)
    const parts = {
      upstream: this.#upstream,
      memory: this.#memory,
      caller: credentials,
      makeExperiment,
      clock: this.#clock,
      fresh,
    }
    return new MlflowWorld(parts)
  }

  /**
   * Keeps promotions of what the request changes away, or others from what it promotes, until `release`. Decides anew, on what there is now,
   * where something was promoted since the decision, and where `again` says so. Throws as `judge`.
   */
  async hold(visit: Visit, granted: Grant, again = false): Promise<{ readonly grant: Grant; readonly release: () => void }> {
    const { signal } = visit.credentials
    const { stale, release } = await this.#promotions.enter(granted.findings, this.#decidedAt.get(granted), signal)
    try {
      const grant = stale || again ? await this.judge(visit, granted.endpoint, granted.message, true) : granted
      return { grant, release }
    } catch (error) {
      release()
      throw error
    }
  }

  /** Where the request left open whose rows it is for, the rows are asked about. */
  async #admit(visit: Visit, { endpoint, findings }: Grant, message: string, rows: readonly Json[]): Promise<void> {
    if (endpoint.anyExperiment === true) await admitShown(this.#world(visit), findings, message, rows)
  }

  /** The request for an endpoint that carries bytes, to be streamed. */
  bytesRequest(grant: Grant): UpstreamRequest {
    return upstreamRequest(grant)
  }

  /** Forwards a granted request and brings its answer back. `answers`: whether rows that nobody looks into any more may be printed at once. */
  async complete(visit: Visit, granted: Grant, answers: 'printed' | 'read' = 'read'): Promise<Arrival> {
    const { grant, release } = await this.hold(visit, granted)
    try {
      return await this.#cover.answer(grant, visit.credentials.signal, () => this.#carryOut(visit, grant, answers))
    } finally {
      release()
    }
  }

  /** `once`: not a second time, whatever it finds. */
  async #carryOut(visit: Visit, grant: Grant, answers: 'printed' | 'read', once = false): Promise<Arrival> {
    const { endpoint, findings } = grant
    const { credentials, principal, trail } = visit
    if (endpoint.search !== undefined) {
      const admit: Admit = (message, rows) => this.#admit(visit, grant, message, rows)
      const { search } = endpoint
      const ask = () => this.#searcher.search(grant, search, principal, credentials, admit)
      const first = await ask()
      const found = 'rows' in first && (await this.#unfinished.finish(grant, first.rows, credentials)) ? await ask() : first
      if ('failed' in found) return this.#fail(trail, grant, found.failed)
      trail.upstreamStatus = 200
      return { answer: rewriteAnswer(grant, found.rows) }
    }
    if (asksForNothing(grant)) return { answer: new Map() }
    const unasked = answerUnasked(grant)
    if (unasked !== null) return { answer: unasked }
    if (this.#artifacts?.serves(grant)) return this.#artifacts.complete(grant, credentials)
    if (this.#registrar?.serves(grant)) return this.#register(this.#registrar, visit, grant)
    if (findings.version !== null) await finishRegistration(this.#upstream, findings.version, findings, credentials)
    await this.#unfinished.finishBefore(grant, credentials)
    const answer = await this.#send(grant, credentials, askedPage(this.#tokens, grant, principal))
    if (answer.status !== 200) return this.#fail(trail, grant, answer)
    trail.upstreamStatus = answer.status
    this.#forget(grant)
    const printed = answers === 'printed' ? printedRows(grant) : new Map()
    const parsed =
      endpoint.body === 'otlp' ? parseExportAnswer(answer) : parseAnswer(answer, endpoint.answersNaN === true, printed)
    if (!once && (await this.#unfinished.finish(grant, parsed, credentials))) return this.#carryOut(visit, grant, answers, true)
    this.#memory.learn(parsed, new Recollection(visit.environment.name))
    const message = await this.#finishVersion(visit, grant, parsed)
    for (const [name, { message: row = '' }] of shapeOf(endpoint.response).fields) {
      const value = message.get(name) ?? []
      await this.#admit(visit, grant, row, Array.isArray(value) ? value : [value])
    }
    return { answer: sealNext(this.#tokens, grant, principal, rewriteAnswer(grant, message)) }
  }

  /** Unity Catalog leaves it to its clients to bring a version's files. */
  async #register(registrar: CatalogRegistrar, { credentials, trail }: Visit, grant: Grant): Promise<Arrival> {
    const create = async (details: VersionDetails) => {
      const answer = await this.#upstream.send(registrationRequest(grant, details), credentials)
      trail.upstreamStatus = answer.status
      return answer
    }
    // What is half made is finished or taken away, whoever waits for it.
    const arrival = await registrar.register(grant, withoutSignal(credentials), create)
    this.#forget(grant)
    return arrival
  }

  async #send(grant: Grant, caller: CallerCredentials, page: Page | null = null): Promise<UpstreamAnswer> {
    const { endpoint } = grant
    const request = upstreamRequest(grant, page)
    const options = { repeatable: isRepeatable(endpoint), reads: reads(endpoint) }
    const send = () => this.#upstream.send(request, caller, options)
    const name = textMeaning(endpoint, grant.message, 'newExperimentName')
    return name === null ? send() : sendExperiment(this.#upstream, grant, name, caller, send)
  }

  #fail(trail: Trail, grant: Grant, answer: UpstreamAnswer): Arrival {
    trail.upstreamStatus = answer.status
    return { failure: upstreamFailure(grant, answer) }
  }

  /** A version that is touched while its registration is unfinished is finished: above all the one that was just created. */
  async #finishVersion(visit: Visit, { endpoint, findings }: Grant, message: JsonObject): Promise<JsonObject> {
    const row = message.get('model_version')
    if (!(row instanceof Map)) return message
    const fact = await this.#asKept(visit, endpoint, readVersion(row))
    if (fact.pendingStage === null && fact.pendingAlias === undefined) return message
    this.#memory.versionsOfRun.clear()
    const moved = await finishRegistration(this.#upstream, fact, findings, visit.credentials)
    if (moved === null || endpoint.name === 'finalizeCatalogVersion') return message
    return new Map(message).set('model_version', moved)
  }

  /** A version that a client of Unity Catalog has just finished: that answer does not say what note is on it. */
  async #asKept({ credentials }: Visit, { name }: OpenEndpoint, fact: VersionFact): Promise<VersionFact> {
    if (name !== 'finalizeCatalogVersion') return fact
    const query = { name: fact.name, version: fact.version }
    const settled = withoutSignal(credentials)
    const found = readFound(await this.#upstream.lookUp('/api/2.0/mlflow/model-versions/get', query, settled))
    return found === null ? fact : readVersion(found.get('model_version'))
  }

  /** What a change may have made untrue is not remembered. */
  #forget({ endpoint, message, findings }: Grant): void {
    if (reads(endpoint)) return
    if (endpoint.resource === 'modelVersion' || endpoint.resource === 'registeredModel') this.#memory.versionsOfRun.clear()
    if (endpoint.resource === 'experiment') this.#memory.experiments.clear()
    const dataset = textMeaning(endpoint, message, 'dataset')
    if (dataset !== null) new Recollection(findings.environment.name).forget(this.#memory.entities, entityKey('dataset', dataset))
    if (endpoint.resource === 'trace') this.#memory.traces.clear()
  }
}
