import type { Json, JsonObject } from '../../policy/messages/json/json.ts'
import { JsonNumber } from '../../policy/messages/json/json.ts'
import { printJson } from '../../policy/messages/json/json-text.ts'
import { objectsIn } from '../../policy/messages/message-fields.ts'
import { Refusal } from '../../policy/reasons.ts'
import { listedRows } from '../../rewrite/answer/listed-rows.ts'
import {
  catalogCall,
  listModelsCall,
  type RegistryCall,
  readRegistryCall,
  type SentCall,
  writeCatalogCall,
} from '../../rewrite/unity-catalog/registry-call.ts'
import { holds, type RegistrySearch, readRegistrySearch, type SearchScope } from '../../rewrite/unity-catalog/registry-filter.ts'
import {
  listedModel,
  openSourceModel,
  openSourceVersion,
  plainText,
  sortRows,
} from '../../rewrite/unity-catalog/registry-rows.ts'
import { mapAtOnce } from '../facts/map-at-once.ts'
import { pagesOf } from '../network/pages-of.ts'
import { parseAnswer } from '../upstream/parse-answer.ts'
import type { UpstreamAnswer } from '../upstream/upstream-answer.ts'
import { searchesVersions, withAliases } from './unity-catalog-aliases.ts'

/** Sends one call to the workspace, with the credentials of the request that caused it. */
export type SendCall = (call: SentCall) => Promise<UpstreamAnswer>

/** Maximum rows per page: each row is looked up separately, because lists contain neither tags nor aliases. */
const pageRows = 100
/** Maximum models whose versions one search reads, and models of one schema. More would take minutes. */
const most = { searched: 200, listed: 5_000 } as const

/** An unsuccessful answer, to be passed on unchanged. */
class Refused extends Error {
  override readonly name = 'Refused'
  readonly answer: UpstreamAnswer
  constructor(answer: UpstreamAnswer) {
    super(`Unity Catalog answered ${answer.status}`)
    this.answer = answer
  }
}

function ok(message: JsonObject): UpstreamAnswer {
  return { status: 200, contentType: 'application/json', text: printJson(message) }
}

function invalid(message: string): Refusal {
  return new Refusal('invalid-parameter', message)
}

/** Answers requests to the open-source model registry from Unity Catalog, using its names. Mapping names and checking rights is done elsewhere. */
class CatalogRegistry {
  readonly #send: SendCall

  constructor(send: SendCall) {
    this.#send = send
  }

  async answer(call: RegistryCall): Promise<UpstreamAnswer> {
    try {
      if (call.path === 'registered-models/search') return ok(await this.#searchModels(call.message))
      if (call.path === 'model-versions/search') return ok(await this.#searchVersions(call.message))
      const sent = catalogCall(call)
      if (sent === null) throw new TypeError(`there is no way to ask Unity Catalog for ${call.path}`)
      return ok(await this.#inOpenSourceForm(await this.#ask(sent)))
    } catch (error) {
      if (error instanceof Refused) return error.answer
      throw error
    }
  }

  async #ask(call: SentCall): Promise<JsonObject> {
    const answer = await this.#send(call)
    if (answer.status !== 200) throw new Refused(answer)
    return parseAnswer(answer)
  }

  /** The same; null if it does not exist. */
  async #find(path: string, query: Readonly<Record<string, string>>): Promise<JsonObject | null> {
    try {
      return await this.#ask(writeCatalogCall('GET', path, new Map(Object.entries(query))))
    } catch (error) {
      if (error instanceof Refused && /"RESOURCE_DOES_NOT_EXIST"|"NOT_FOUND"/.test(error.answer.text)) return null
      throw error
    }
  }

  async #model(name: string): Promise<JsonObject | null> {
    const model = (await this.#find('registered-models/get', { name }))?.get('registered_model')
    return model instanceof Map ? model : null
  }

  async #inOpenSourceForm(answer: JsonObject): Promise<JsonObject> {
    const [model, version] = [answer.get('registered_model'), answer.get('model_version')]
    if (model instanceof Map) return new Map([['registered_model', openSourceModel(model)]])
    if (!(version instanceof Map)) return answer
    return new Map([['model_version', openSourceVersion(version, await this.#model(plainText(version.get('name'))))]])
  }

  async #pages(call: (token: string) => SentCall, key: string): Promise<JsonObject[]> {
    const rows: JsonObject[] = []
    const ask = (token: string) => this.#ask(call(token))
    for await (const page of pagesOf(ask, (each) => plainText(each.get('next_page_token')))) {
      if (rows.length > most.listed) throw invalid('There are too many models or versions to search. Name the model.')
      for (const row of objectsIn(listedRows(page, key))) rows.push(row)
    }
    return rows
  }

  async #modelsIn(scope: SearchScope): Promise<JsonObject[]> {
    if (scope.kind === 'models')
      return (await mapAtOnce(scope.names, (name) => this.#model(name))).flatMap((model) => model ?? [])
    if (scope.kind === 'run') throw invalid('Search models by their names.')
    const rows = await this.#pages((token) => listModelsCall(scope.schema, token), 'registered_models')
    return rows.map(listedModel)
  }

  async #searchModels(message: JsonObject): Promise<JsonObject> {
    const { scope, clauses } = readRegistrySearch(plainText(message.get('filter')))
    const rows = (await this.#modelsIn(scope)).filter((row) => holds(row, clauses))
    return this.#page(message, 'registered_models', rows, ['name ASC'], async (row) => {
      const model = await this.#model(plainText(row.get('name')))
      return model === null ? null : openSourceModel(model)
    })
  }

  async #searchVersions(message: JsonObject): Promise<JsonObject> {
    const search = readRegistrySearch(plainText(message.get('filter')))
    const rows = (await this.#versionsIn(search))
      .map((row) => openSourceVersion(row, null))
      .filter((row) => holds(row, search.clauses))
    const models = new Map<string, Promise<JsonObject | null>>()
    const modelOf = (name: string) => {
      const known = models.get(name) ?? this.#model(name)
      models.set(name, known)
      return known
    }
    const order = ['last_updated_timestamp DESC', 'name ASC', 'version_number DESC']
    return this.#page(message, 'model_versions', rows, order, async (row) => {
      const id = { name: plainText(row.get('name')), version: plainText(row.get('version')) }
      const version = (await this.#find('model-versions/get', id))?.get('model_version')
      return version instanceof Map ? openSourceVersion(version, await modelOf(id.name)) : null
    })
  }

  async #versionsIn({ scope }: RegistrySearch): Promise<JsonObject[]> {
    const search = (key: string, value: string) => {
      const filter = `${key}='${value.replaceAll("'", "''")}'`
      const call = (token: string) => {
        const query: [string, Json][] = [['filter', filter], ...(token === '' ? [] : [['page_token', token] as [string, Json]])]
        return writeCatalogCall('GET', 'model-versions/search', new Map(query))
      }
      return this.#pages(call, 'model_versions')
    }
    if (scope.kind === 'run') return search('run_id', scope.runId)
    const names = scope.kind === 'models' ? scope.names : (await this.#modelsIn(scope)).map((row) => plainText(row.get('name')))
    if (names.length > most.searched)
      throw invalid('There are too many models to search for versions. Name the model in the filter.')
    return (await mapAtOnce(names, (name) => search('name', name))).flat()
  }

  /** One page of the rows; its token is the index of the next page's first row. */
  async #page(
    message: JsonObject,
    key: string,
    rows: readonly JsonObject[],
    order: readonly string[],
    complete: (row: JsonObject) => Promise<JsonObject | null>,
  ): Promise<JsonObject> {
    const given = message.get('order_by')
    const asked = Array.isArray(given) ? given.map(plainText) : []
    const sorted = sortRows(rows, [...asked, ...order])
    if (sorted === null) throw invalid('Unity Catalog rows can only be sorted by name, version_number and timestamps.')
    const start = Number(plainText(message.get('page_token')) || '0')
    const wanted = Number(plainText(message.get('max_results')) || String(pageRows))
    if (!Number.isSafeInteger(start) || !Number.isSafeInteger(wanted) || start < 0 || wanted < 1) {
      throw invalid("The parameter 'max_results' must be a positive number.")
    }
    const end = start + Math.min(wanted, pageRows)
    const page = (await mapAtOnce(sorted.slice(start, end), complete)).flatMap((row) => row ?? [])
    const answer: JsonObject = new Map<string, Json>([[key, page]])
    if (end < sorted.length) answer.set('next_page_token', new JsonNumber(String(end)).text)
    return answer
  }
}

/** Carries out a request to the open-source model registry in Unity Catalog. Others are sent unchanged; a search for versions also gets their aliases. */
export async function askCatalog(call: SentCall, send: SendCall): Promise<UpstreamAnswer> {
  const registryCall = readRegistryCall(call)
  if (registryCall !== null) return new CatalogRegistry(send).answer(registryCall)
  return searchesVersions(call) ? withAliases(await send(call), send) : send(call)
}
