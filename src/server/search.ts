import type { Search } from '../policy/endpoint.ts'
import type { Grant } from '../policy/grant.ts'
import type { Principal } from '../policy/identity.ts'
import { type Json, JsonNumber, type JsonObject } from '../policy/json.ts'
import { Refusal } from '../policy/reasons.ts'
import { asksForNothing, rowMessage, takeRows, wantedRows } from '../rewrite/search-page.ts'
import { upstreamRequest } from '../rewrite/upstream-request.ts'
import { parseAnswer } from './lookups.ts'
import type { PageState, PageTokens } from './page-tokens.ts'
import { bindingOf } from './pages.ts'
import type { Upstream } from './upstream.ts'
import type { UpstreamAnswer } from './upstream-answer.ts'
import type { CallerCredentials } from './upstream-credentials.ts'

/** How many rows are asked for at least when a page has to be refilled. */
const refill = 100

/** Finds out whose rows of a message are. */
export type Admit = (message: string, rows: readonly Json[]) => Promise<void>

/** A search's answer with the caller's rows, or MLflow's error as it is. */
export type Found = { readonly rows: JsonObject } | { readonly failed: UpstreamAnswer }

/** How many rows there are in all, where the caller asked for it. */
function countOf(answer: JsonObject, { total }: Search): JsonObject {
  const count = total === undefined ? undefined : answer.get(total)
  return total === undefined || count === undefined ? new Map() : new Map([[total, count]])
}

function rowsOf(answer: JsonObject, search: Search): readonly Json[] {
  const rows = answer.get(search.rows) ?? []
  if (!Array.isArray(rows))
    throw new Refusal('unknown-answer', "MLflow's answer has no list of rows. Tell the proxy's administrators.")
  return rows
}

/** Rows to ask for: those that were given out before come again. More than the upstream gives is asked for only where the caller does. */
function pageSize(wanted: number, skip: number, { maxPageSize }: Search): number {
  return wanted > maxPageSize ? wanted : Math.min(wanted + skip, maxPageSize)
}

/** Null where nobody said how many. To say 0 is to ask MLflow what it makes of that. */
function firstSize({ message }: Grant, wanted: number, skip: number, search: Search): number | null {
  const asked = message.get('max_results')
  if (asked instanceof JsonNumber && Number(asked.text) === 0) return 0
  return asked !== undefined || skip > 0 ? pageSize(wanted, skip, search) : null
}

/** Collects full pages of exactly the caller's rows, in the server's order. */
export class Searcher {
  readonly #upstream: Upstream
  readonly #tokens: PageTokens

  constructor(upstream: Upstream, tokens: PageTokens) {
    this.#upstream = upstream
    this.#tokens = tokens
  }

  /** `admit` finds out whose the rows of a page are, before they are taken. */
  async search(grant: Grant, search: Search, principal: Principal, caller: CallerCredentials, admit: Admit): Promise<Found> {
    if (asksForNothing(grant)) return { rows: new Map() }
    const wanted = wantedRows(grant.message, search)
    // Where MLflow does not refuse 0, it takes it for none said, and gives one page of its own size.
    const most = wanted === 0 ? search.pageSize : wanted
    const bound = bindingOf(grant, principal)
    const given = grant.message.get('page_token')
    let state: PageState | null =
      typeof given === 'string' && given !== '' ? this.#tokens.open(given, bound) : { token: '', skip: 0 }
    const found: Json[] = []
    let count: JsonObject = new Map()
    let next: Json | undefined
    let spellsEmpty = false
    let size = firstSize(grant, wanted, state.skip, search)
    do {
      const answer = await this.#upstream.send(upstreamRequest(grant, { token: state.token, size }), caller, true)
      if (answer.status !== 200) return { failed: answer }
      const page = parseAnswer(answer)
      const rows = rowsOf(page, search)
      count = countOf(page, search)
      // Protobuf leaves an empty list out.
      spellsEmpty ||= rows.length === 0 && page.has(search.rows)
      await admit(rowMessage(grant, search), rows)
      const { taken, used } = takeRows(grant, search, rows, state.skip, most - found.length)
      found.push(...taken)
      next = page.get('next_page_token')
      if (used < rows.length) state = { token: state.token, skip: used }
      else state = typeof next === 'string' && next !== '' ? { token: next, skip: 0 } : null
      size = Math.min(search.maxPageSize, Math.max(refill, wanted - found.length))
    } while (state !== null && found.length < wanted)
    const listed: [string, Json][] = found.length > 0 || spellsEmpty ? [[search.rows, found]] : []
    const rows: JsonObject = new Map<string, Json>([...listed, ...count])
    if (state !== null) rows.set('next_page_token', this.#tokens.seal(state, bound))
    // Some endpoints say it so, and others leave it out.
    else if (next === '') rows.set('next_page_token', '')
    return { rows }
  }
}
