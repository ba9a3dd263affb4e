import type { OpenEndpoint } from '../../../policy/endpoints/endpoint.ts'
import type { JsonObject } from '../../../policy/messages/json/json.ts'
import { copiedInAnswer } from '../../../rewrite/answer/copied-answer.ts'
import { rewriteInTurns } from '../../../rewrite/answer/rewrite-answer.ts'
import type { Facts } from '../../facts/facts.ts'
import type { Upstream } from '../../upstream/upstream.ts'
import { inTurns } from '../in-turns.ts'
import type { PageTokens } from '../page-tokens.ts'
import { admitListed } from '../row-admission.ts'
import type { UnfinishedVersions } from '../unfinished-versions.ts'
import { upstreamError } from '../upstream-error.ts'
import { type Admit, type Found, Searcher } from './searcher.ts'
import type { GrantedRequest, Strategy } from './strategy.ts'

/** A search whose pages contain the caller's rows, collected from as many upstream pages as needed. */
export class Search implements Strategy {
  readonly #searcher: Searcher
  readonly #facts: Facts
  readonly #unfinished: UnfinishedVersions

  constructor(upstream: Upstream, facts: Facts, tokens: PageTokens, unfinished: UnfinishedVersions) {
    this.#searcher = new Searcher(upstream, tokens)
    this.#facts = facts
    this.#unfinished = unfinished
  }

  serves({ search }: OpenEndpoint): boolean {
    return search !== undefined
  }

  async carryOut(granted: GrantedRequest): Promise<JsonObject> {
    const { grant, requestContext } = granted
    const first = await this.#ask(granted)
    const again = await this.#unfinished.finish(grant, first.rows, requestContext.credentials)
    const { rows, admitted } = again ? await this.#ask(granted) : first
    return inTurns(rewriteInTurns(grant, rows, admitted))
  }

  /** Throws UpstreamError. */
  async #ask(granted: GrantedRequest): Promise<Extract<Found, { rows: JsonObject }>> {
    const { grant, requestContext, printsRows } = granted
    const { endpoint } = grant
    const { credentials, principal, auditRecord } = requestContext
    if (endpoint.search === undefined) throw new TypeError(`${endpoint.name} is not a search`)
    const admit: Admit = (message, rows, admitted) => admitListed(this.#facts, granted, message, rows, admitted)
    const form = printsRows ? { copied: copiedInAnswer(endpoint) } : {}
    const found = await this.#searcher.search(grant, endpoint.search, principal, credentials, admit, form)
    if ('failed' in found) {
      auditRecord.upstreamStatus = found.failed.status
      throw upstreamError(grant, found.failed)
    }
    auditRecord.upstreamStatus = 200
    return found
  }
}
