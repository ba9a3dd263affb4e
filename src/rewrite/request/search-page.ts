import type { Search } from '../../policy/endpoints/endpoint.ts'
import { type Grant, withAdmitted } from '../../policy/grant.ts'
import { searchedExperiments } from '../../policy/locations/experiment-locations.ts'
import type { Meaning } from '../../policy/meanings/meaning-table.ts'
import { type Json, JsonNumber, type JsonObject } from '../../policy/messages/json/json.ts'
import { fieldOf } from '../../policy/messages/message-shape.ts'
import { planOf } from '../answer/answer-plan.ts'
import { clausesLeft } from './search-filter.ts'
import { fits } from './workspace-filter.ts'

/** The message name of a search's rows. */
export function rowMessage(grant: Grant, search: Search): string {
  return fieldOf(grant.endpoint.response, search.rows)?.message ?? ''
}

/** How many rows the caller wants; a number that MLflow would refuse is left for it to refuse. */
export function wantedRows(message: JsonObject, search: Search): number {
  const asked = message.get('max_results')
  return asked instanceof JsonNumber ? Number(asked.text) : search.pageSize
}

/** One page of the upstream: its own token (empty for the first), and how many rows (null for as many as it likes). */
export interface Page {
  readonly token: string
  readonly size: number | null
}

/** The message that asks for one upstream page. */
export function pageMessage(message: JsonObject, { token, size }: Page): JsonObject {
  const page = new Map(message)
  page.delete('page_token')
  if (token !== '') page.set('page_token', token)
  if (size !== null) page.set('max_results', new JsonNumber(String(size)))
  return page
}

/** The caller's rows of one upstream page, up to a number; `used` counts the upstream's rows that are done with. */
export function takeRows(
  grant: Grant,
  search: Search,
  rows: readonly Json[],
  skip: number,
  most: number,
  admitted = grant.context.admitted,
): { taken: Json[]; used: number } {
  const context = withAdmitted(grant.context, admitted)
  const plan = planOf(rowMessage(grant, search))
  const left = clausesLeft(grant)
  const taken: Json[] = []
  let used = skip
  while (used < rows.length && taken.length < most) {
    const row = rows[used] ?? null
    used += 1
    if (plan.isVisible(row, context) && fits(row, left, context)) taken.push(row)
  }
  return { taken, used }
}

/** Whether every row that the upstream gives is the caller's: the experiments that bound the search are. */
export function givesOwnRows({ endpoint, context }: Grant, { nameColumn }: Search): boolean {
  return nameColumn === null && endpoint.anyExperiment !== true && context.visibleExperiments.size > 0
}

/** Whether all experiments that were asked for are absent or others': there is nothing to ask MLflow, who would take none for all. */
export function asksForNothing({ endpoint, message, context }: Grant): boolean {
  const asked = searchedExperiments(endpoint, message).length > 0
  const isBounding = (meaning: Meaning) => meaning === 'experimentsToSearch' || meaning === 'locationsToSearch'
  const bounded = Object.values(endpoint.fields).some(isBounding) && endpoint.anyExperiment !== true
  return (asked || bounded) && context.visibleExperiments.size === 0
}

/** What makes two pages parts of one search: everything in the query but the page itself. */
export function queryIdentity(grant: Grant): Json {
  const { message } = grant
  return [...message].filter(([name]) => name !== 'page_token' && name !== 'max_results').map(([name, value]) => [name, value])
}
