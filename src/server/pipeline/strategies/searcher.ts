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
import type { AnswerForm } from '../../upstream/parse-answer.ts'
import type { Upstream } from '../../upstream/upstream.ts'
import type { UpstreamAnswer } from '../../upstream/upstream-answer.ts'
import type { CallerCredentials } from '../../upstream/upstream-credentials.ts'
import type { PageState, PageTokens } from '../page-tokens.ts'
import { bindingOf } from '../pages.ts'
import { readAnswer } from '../read-answer.ts'

/** Minimum page size when a page must be refilled. */
const refill = 100

/** Maximum number of upstream pages for one request. */
const mostPages = 100

/** Looks up the owners of a message's rows: returns the admitted experiments, in addition to earlier ones. */
export type Admit = (message: string, rows: readonly Json[], admitted: ReadonlySet<string>) => Promise<ReadonlySet<string>>

/** A search's answer with the caller's rows, or MLflow's error unchanged. */
export type Found = { readonly rows: JsonObject; readonly admitted: ReadonlySet<string> } | { readonly failed: UpstreamAnswer }

/** The total number of rows, if the caller requested it. */
function countOf(answer: JsonObject, { total }: Search): JsonObject {
  const count = total === undefined ? undefined : answer.get(total)
  return total === undefined || count === undefined ? new Map() : new Map([[total, count]])
}

/** The number of rows to request: rows already returned come again. The upstream's maximum is only exceeded if the caller does so. */
function pageSize(wanted: number, skip: number, { maxPageSize }: Search): number {
  return wanted > maxPageSize ? wanted : Math.min(wanted + skip, maxPageSize)
}

/** Null if there is no number. 0 is passed on to MLflow. One additional row shows whether there is a next page. */
function firstSize(grant: Grant, wanted: number, skip: number, search: Search): number | null {
  const asked = grant.message.get('max_results')
  if (asked instanceof JsonNumber && Number(asked.text) === 0) return 0
  const ahead = !givesOwnRows(grant, search) && wanted > 0 && wanted < search.pageSize ? 1 : 0
  return asked !== undefined || skip > 0 ? pageSize(wanted + ahead, skip, search) : null
}

/** The size of a later page: the more of others' rows lie between, the larger. */
function nextSize({ context, endpoint }: Grant, wanted: number, pages: number, search: Search): number {
  const growing = refill * 2 ** Math.min(pages, 16)
  // A workspace may have its own limits, and each row of any experiment may need a look-up.
  const most =
    context.config.kind === 'databricks' || endpoint.anyExperiment ? Math.max(refill, search.pageSize) : search.maxPageSize
  return Math.min(search.maxPageSize, Math.max(refill, wanted, Math.min(growing, most)))
}

/** One upstream page, and where the next one starts. */
interface UpstreamPage {
  readonly answer: JsonObject
  readonly rows: readonly Json[]
  readonly next: PageState | null
  readonly held: UpstreamAnswer['held']
}

/** The state of a search. */
interface Progress {
  /** The number of upstream pages read. */
  pages: number
  readonly found: Json[]
  count: JsonObject
  /** The owners of the rows so far. */
  admitted: ReadonlySet<string>
  /** The caller's next page; null until one of its rows is found. */
  goesOn: PageState | null
  /** The upstream's last next-page token. */
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

  /** `admit` looks up the owners of a page's rows before they are taken. `form` is how pages are read. */
  async search(
    grant: Grant,
    search: Search,
    principal: Principal,
    caller: CallerCredentials,
    admit: Admit,
    form: AnswerForm = {},
  ): Promise<Found> {
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
      // This request has read enough; further rows are left to the next one.
      if (progress.pages === mostPages) {
        progress.goesOn = state
        break
      }
      const page = await this.#page(grant, search, { token: state.token, size }, caller, form)
      if ('failed' in page) return page
      progress.admitted = await admit(rowMessage(grant, search), page.rows, progress.admitted)
      const before = progress.found.length
      takePage(grant, search, wanted, progress, page, state)
      // Rows of the page that were not taken are dropped.
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
    form: AnswerForm,
  ): Promise<UpstreamPage | { readonly failed: UpstreamAnswer }> {
    const answer = await this.#upstream.send(upstreamRequest(grant, page), caller, {
      repeatable: true,
      reads: true,
      chargedByReader: true,
    })
    if (answer.status !== 200) return { failed: answer }
    const parsed = await readAnswer(answer, form)
    const next = parsed.get('next_page_token')
    const state = typeof next === 'string' && next !== '' ? { token: next, skip: 0 } : null
    return { answer: parsed, rows: listedRows(parsed, search.rows), next: state, held: answer.held }
  }

  #answer({ rows: field }: Search, { found, count, goesOn, lastWord }: Progress, bound: string): JsonObject {
    // Protobuf omits an empty list; a list with only others' rows is shown the same way.
    const listed: [string, Json][] = found.length > 0 ? [[field, found]] : []
    const rows: JsonObject = new Map<string, Json>([...listed, ...count])
    if (goesOn !== null) rows.set('next_page_token', this.#tokens.seal(goesOn, bound))
    // Some endpoints send it empty, others omit it.
    else if (lastWord === '') rows.set('next_page_token', '')
    return rows
  }
}

/**
 * Takes the caller's rows of a page. When there are enough, one more of theirs is searched for, here and on the following pages:
 * others' rows alone do not make a next page.
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
  // If MLflow accepts 0, it treats it like no number, and returns a page of its default size.
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
