import type { LRUCache } from 'lru-cache'
import { attributeClause, printFilter } from '../../policy/filter/filter-string.ts'
import type { Json, JsonObject } from '../../policy/messages/json/json.ts'
import { ownText } from '../../policy/names/own-text.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { CallerCredentials } from '../upstream/upstream-credentials.ts'
import type { EnvironmentCache } from './environment-cache.ts'
import { readFound, textIn } from './look-up-answers.ts'

const api = '/api/2.0/mlflow'
/** How many models of an environment are searched for an id; more would be too expensive. */
const mostModels = 500

function rowsOf(found: JsonObject, key: string): readonly Json[] {
  const rows = found.get(key)
  return Array.isArray(rows) ? rows : []
}

/** Look-ups in a Databricks workspace of ids that do not show their owner. */
export class WorkspaceLookups {
  readonly #upstream: Upstream
  readonly #caller: CallerCredentials

  constructor(upstream: Upstream, caller: CallerCredentials) {
    this.#upstream = upstream
    this.#caller = caller
  }

  /** The rows of all pages; null if the workspace refuses. */
  async #all(path: string, query: Readonly<Record<string, string>>, key: string, most: number): Promise<readonly Json[] | null> {
    const rows: Json[] = []
    let token: string | null = null
    do {
      const page: Record<string, string> = token === null ? { ...query } : { ...query, page_token: token }
      const found = readFound(await this.#upstream.lookUp(path.startsWith('/') ? path : `${api}/${path}`, page, this.#caller))
      if (found === null) return null
      for (const row of rowsOf(found, key)) rows.push(row)
      token = textIn(found, 'next_page_token')
    } while (token !== null && rows.length < most)
    return rows
  }

  async #modelNames(suffix: string): Promise<readonly string[]> {
    const filter = printFilter([attributeClause('name', 'LIKE', { kind: 'string', text: `%${suffix}` })])
    const rows =
      (await this.#all('registered-models/search', { filter, max_results: '100' }, 'registered_models', mostModels)) ?? []
    const names = rows.flatMap((row) => textIn(row, 'name') ?? [])
    return names.filter((name) => name.toLowerCase().endsWith(suffix.toLowerCase()))
  }

  async #idOf(name: string): Promise<string | null> {
    const found = readFound(await this.#upstream.lookUp(`${api}/databricks/registered-models/get`, { name }, this.#caller))
    return textIn(found?.get('registered_model_databricks'), 'id')
  }

  /** The model with this id. The model that had it before is looked up first, but verified: a model may be renamed. */
  async modelOfId(
    environmentCache: EnvironmentCache,
    known: LRUCache<string, string>,
    id: string,
    suffix: string,
  ): Promise<string | null> {
    const remembered = environmentCache.get(known, id)
    if (remembered !== undefined && (await this.#idOf(remembered)) === id) return remembered
    for (const name of await this.#modelNames(suffix)) {
      const found = await this.#idOf(name)
      if (found !== null) environmentCache.set(known, found, ownText(name))
      if (found === id) return name
    }
    return null
  }

  /** The model of a webhook. If the credentials may not list the whole registry's webhooks, those of the environment's models are searched. */
  async modelOfWebhook(id: string, suffix: string): Promise<string | null> {
    const find = (rows: readonly Json[] | null) => {
      const row = rows?.find((each) => textIn(each, 'id') === id)
      return row === undefined ? null : textIn(row, 'model_name')
    }
    const all = await this.#all('registry-webhooks/list', {}, 'webhooks', 10_000)
    if (all !== null) return find(all)
    for (const name of await this.#modelNames(suffix)) {
      const found = find(await this.#all('registry-webhooks/list', { model_name: name }, 'webhooks', 1_000))
      if (found !== null) return found
    }
    return null
  }

  /** The serving endpoint with this id: the workspace lists all of them at once. */
  async endpointOfId(id: string): Promise<string | null> {
    const rows = (await this.#all('/api/2.0/serving-endpoints', {}, 'endpoints', 1)) ?? []
    const row = rows.find((each) => textIn(each, 'id') === id)
    return row === undefined ? null : textIn(row, 'name')
  }
}
