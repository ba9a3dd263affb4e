import type { Search } from '../../../policy/endpoints/endpoint.ts'
import type { Grant } from '../../../policy/grant.ts'
import type { Principal } from '../../../policy/identity/principal.ts'
import { type Json, JsonNumber, type JsonObject } from '../../../policy/messages/json/json.ts'
import { listedRows } from '../../../rewrite/answer/listed-rows.ts'
import {
  asksForNothing,
  givesOwnRows,
  type Page,
  rowMessage,
  takeRows,
  wantedRows,
} from '../../../rewrite/request/search-page.ts'
import { upstreamRequest } from '../../../rewrite/request/upstream-request.ts'
import { parseAnswer } from '../../upstream/parse-answer.ts'
import type { Upstream } from '../../upstream/upstream.ts'
import type { UpstreamAnswer } from '../../upstream/upstream-answer.ts'
import type { CallerCredentials } from '../../upstream/upstream-credentials.ts'
import type { PageState, PageTokens } from '../page-tokens.ts'
import { bindingOf } from '../pages.ts'

/** How many rows are asked for at least when a page has to be refilled. */
const refill = 100

/** Pages of the upstream that one request goes through at most. */
const mostPages = 100

/** Finds out whose rows of a message are: gives what is admitted with them, besides what was before. */
export type Admit = (message: string, rows: readonly Json[], admitted: ReadonlySet<string>) => Promise<ReadonlySet<string>>

/** A search's answer with the caller's rows, or MLflow's error as it is. */
export type Found = { readonly rows: JsonObject; readonly admitted: ReadonlySet<string> } | { readonly failed: UpstreamAnswer }

/** How many rows there are in all, where the caller asked for it. */
function countOf(answer: JsonObject, { total }: Search): JsonObject {
  const count = total === undefined ? undefined : answer.get(total)
  return total === undefined || count === undefined ? new Map() : new Map([[total, count]])
}

/** Rows to ask for: those that were given out before come again. More than the upstream gives is asked for only where the caller does. */
function pageSize(wanted: number, skip: number, { maxPageSize }: Search): number {
  return wanted > maxPageSize ? wanted : Math.min(wanted + skip, maxPageSize)
}

/** Null where nobody said how many. To say 0 is to ask MLflow what it makes of that. One more row may tell that there is a next page. */
function firstSize(grant: Grant, wanted: number, skip: number, search: Search): number | null {
  const asked = grant.message.get('max_results')
  if (asked instanceof JsonNumber && Number(asked.text) === 0) return 0
  const ahead = !givesOwnRows(grant, search) && wanted > 0 && wanted < search.pageSize ? 1 : 0
  return asked !== undefined || skip > 0 ? pageSize(wanted + ahead, skip, search) : null
}

/** The size of a page after the first: the more of others' rows lie between, the larger. */
function nextSize({ context, endpoint }: Grant, wanted: number, pages: number, search: Search): number {
  const growing = refill * 2 ** Math.min(pages, 16)
  // A workspace may have limits of its own; and each row of any experiment may have to be asked about.
  const most =
    context.config.kind === 'databricks' || endpoint.anyExperiment ? Math.max(refill, search.pageSize) : search.maxPageSize
  return Math.min(search.maxPageSize, Math.max(refill, wanted, Math.min(growing, most)))
}

/** One page of the upstream's, and where the next one is. */
interface UpstreamPage {
  readonly answer: JsonObject
  readonly rows: readonly Json[]
  readonly next: PageState | null
  readonly held: UpstreamAnswer['held']
}

/** What a search has come to so far. */
interface Progress {
  /** How many pages of the upstream's it took. */
  pages: number
  readonly found: Json[]
  count: JsonObject
  /** What the rows so far turned out to belong to. */
  admitted: ReadonlySet<string>
  /** The next page of the caller's rows; null as long as none is seen. */
  goesOn: PageState | null
  /** The upstream's own last word about a next page. */
  lastWord: Json | undefined
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
    const { admitted } = grant.context
    if (asksForNothing(grant)) return { rows: new Map(), admitted }
    const wanted = wantedRows(grant.message, search)
    const bound = bindingOf(grant, principal)
    const given = grant.message.get('page_token')
    let state: PageState | null =
      typeof given === 'string' && given !== '' ? this.#tokens.open(given, bound) : { token: '', skip: 0 }
    const progress: Progress = { pages: 0, found: [], count: new Map(), admitted, goesOn: null, lastWord: undefined }
    let size = firstSize(grant, wanted, state.skip, search)
    while (state !== null && progress.goesOn === null) {
      // Rows beyond are another request's: this one has done enough.
      if (progress.pages === mostPages) {
        progress.goesOn = state
        break
      }
      const page = await this.#page(grant, search, { token: state.token, size }, caller)
      if ('failed' in page) return page
      progress.admitted = await admit(rowMessage(grant, search), page.rows, progress.admitted)
      const before = progress.found.length
      takePage(grant, search, wanted, progress, page, state)
      // What was not taken of the page is forgotten.
      const part = (progress.found.length - before) / Math.max(1, page.rows.length)
      await page.held?.resize(page.held.bytes * part)
      state = page.next
      if (progress.found.length >= wanted && givesOwnRows(grant, search)) {
        progress.goesOn ??= state
        break
      }
      size = nextSize(grant, wanted - progress.found.length, progress.pages, search)
    }
    return { rows: this.#answer(search, progress, bound), admitted: progress.admitted }
  }

  async #page(
    grant: Grant,
    search: Search,
    page: Page,
    caller: CallerCredentials,
  ): Promise<UpstreamPage | { readonly failed: UpstreamAnswer }> {
    const answer = await this.#upstream.send(upstreamRequest(grant, page), caller, { repeatable: true, reads: true })
    if (answer.status !== 200) return { failed: answer }
    const parsed = parseAnswer(answer)
    const next = parsed.get('next_page_token')
    const state = typeof next === 'string' && next !== '' ? { token: next, skip: 0 } : null
    return { answer: parsed, rows: listedRows(parsed, search.rows), next: state, held: answer.held }
  }

  #answer({ rows: field }: Search, { found, count, goesOn, lastWord }: Progress, bound: string): JsonObject {
    // Protobuf leaves an empty list out; where only others' rows were found, it was none.
    const listed: [string, Json][] = found.length > 0 ? [[field, found]] : []
    const rows: JsonObject = new Map<string, Json>([...listed, ...count])
    if (goesOn !== null) rows.set('next_page_token', this.#tokens.seal(goesOn, bound))
    // Some endpoints say it so, and others leave it out.
    else if (lastWord === '') rows.set('next_page_token', '')
    return rows
  }
}

/**
 * Takes the caller's rows of a page. When there are enough, one more of theirs is looked for, here and on the pages after it:
 * rows of others alone are no next page.
 */
function takePage(
  grant: Grant,
  search: Search,
  wanted: number,
  progress: Progress,
  { answer, rows }: UpstreamPage,
  { token, skip }: PageState,
): void {
  const { found } = progress
  // Where MLflow does not refuse 0, it takes it for none said, and gives one page of its own size.
  const most = wanted === 0 ? search.pageSize : wanted
  progress.pages += 1
  const room = found.length < wanted || (wanted === 0 && progress.pages === 1) ? most - found.length : 0
  const { taken, used } = takeRows(grant, search, rows, skip, room, progress.admitted)
  for (const row of taken) found.push(row)
  progress.count = countOf(answer, search)
  progress.lastWord = answer.get('next_page_token')
  if (found.length < wanted) return
  const ahead = takeRows(grant, search, rows, used, 1, progress.admitted)
  if (ahead.taken.length > 0) progress.goesOn = { token, skip: ahead.used - 1 }
}
