import { isRepeatable, reads } from '../../../policy/evaluation-context.ts'
import type { Json, JsonObject } from '../../../policy/messages/json/json.ts'
import { textMeaning } from '../../../policy/messages/message-fields.ts'
import { shapeOf } from '../../../policy/messages/message-shape.ts'
import { copiedInAnswer } from '../../../rewrite/answer/copied-answer.ts'
import { emptyResult } from '../../../rewrite/answer/empty-result.ts'
import { printedRows } from '../../../rewrite/answer/printed-rows.ts'
import { rewriteInTurns } from '../../../rewrite/answer/rewrite-answer.ts'
import { asksForNothing } from '../../../rewrite/request/search-page.ts'
import { upstreamRequest } from '../../../rewrite/request/upstream-request.ts'
import type { Facts } from '../../facts/facts.ts'
import { parseExportAnswer } from '../../upstream/parse-answer.ts'
import type { Upstream } from '../../upstream/upstream.ts'
import type { UpstreamAnswer } from '../../upstream/upstream-answer.ts'
import { sendExperiment } from '../experiment-writes.ts'
import { inTurns } from '../in-turns.ts'
import type { PageTokens } from '../page-tokens.ts'
import { askedPage, sealNext } from '../pages.ts'
import { readAnswer } from '../read-answer.ts'
import { finishRegistration, finishTouched } from '../registration.ts'
import { admitListed } from '../row-admission.ts'
import type { UnfinishedVersions } from '../unfinished-versions.ts'
import { upstreamError } from '../upstream-error.ts'
import type { GrantedRequest, Strategy } from './strategy.ts'

/** Forwards one message to the upstream, and its answer back. */
export class Forward implements Strategy {
  readonly #upstream: Upstream
  readonly #facts: Facts
  readonly #tokens: PageTokens
  readonly #unfinished: UnfinishedVersions

  constructor(upstream: Upstream, facts: Facts, tokens: PageTokens, unfinished: UnfinishedVersions) {
    this.#upstream = upstream
    this.#facts = facts
    this.#tokens = tokens
    this.#unfinished = unfinished
  }

  serves(): boolean {
    return true
  }

  async carryOut(granted: GrantedRequest): Promise<JsonObject> {
    const { grant, requestContext } = granted
    const empty = asksForNothing(grant) ? new Map() : emptyResult(grant)
    if (empty !== null) return empty
    const { credentials, principal, environment } = requestContext
    const { version } = grant.context
    if (version !== null) await finishRegistration(this.#upstream, version, grant.context, credentials)
    const finished = this.#unfinished.finishBefore(grant, credentials)
    if (finished !== null) await finished
    const first = await this.#ask(granted)
    const again = this.#unfinished.finish(grant, first, credentials)
    const parsed = again !== false && (await again) ? await this.#ask(granted) : first
    this.#facts.learn(parsed, environment.name)
    const forgetVersions = () => this.#facts.forgetVersions()
    const touched = finishTouched(this.#upstream, grant, parsed, credentials, forgetVersions)
    const message = touched instanceof Promise ? await touched : touched
    const { anyExperiment } = grant.endpoint
    const admitted = anyExperiment === true ? await this.#admit(granted, message) : grant.context.admitted
    const rewritten = inTurns(rewriteInTurns(grant, message, admitted))
    return sealNext(this.#tokens, grant, principal, rewritten instanceof Promise ? await rewritten : rewritten)
  }

  /** Sends the request and reads the answer. Throws UpstreamError if it was not successful. */
  async #ask(granted: GrantedRequest): Promise<JsonObject> {
    const { grant, printsRows, requestContext } = granted
    const answer = await this.#send(granted)
    requestContext.auditRecord.upstreamStatus = answer.status
    if (answer.status !== 200) throw upstreamError(grant, answer)
    this.#facts.forget(grant)
    const { body, answersNaN } = grant.endpoint
    if (body === 'otlp') return parseExportAnswer(answer)
    const rows = printsRows ? { printed: printedRows(grant), copied: copiedInAnswer(grant.endpoint) } : {}
    return readAnswer(answer, { allowNaN: answersNaN === true, ...rows })
  }

  #send({ grant, requestContext: { credentials, principal } }: GrantedRequest): Promise<UpstreamAnswer> {
    const { endpoint, message } = grant
    const request = upstreamRequest(grant, askedPage(this.#tokens, grant, principal))
    const options = { repeatable: isRepeatable(endpoint), reads: reads(endpoint), chargedByReader: endpoint.body !== 'otlp' }
    const send = () => this.#upstream.send(request, credentials, options)
    const name = textMeaning(endpoint, message, 'newExperimentName')
    return name === null ? send() : sendExperiment(this.#upstream, grant, name, credentials, send)
  }

  /** If the request leaves the rows' owners open, they are looked up. */
  async #admit(granted: GrantedRequest, answer: JsonObject): Promise<ReadonlySet<string>> {
    const { endpoint, context } = granted.grant
    let { admitted } = context
    for (const [name, { message: row = '' }] of shapeOf(endpoint.response).fields) {
      const value: Json = answer.get(name) ?? []
      const rows = Array.isArray(value) ? value : [value]
      admitted = await admitListed(this.#facts, granted, row, rows, admitted)
    }
    return admitted
  }
}
