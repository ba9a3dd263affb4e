import type { PolicyConfig } from '../../policy/environments/environment.ts'
import { serverKindOf } from '../../policy/environments/environment.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import { objectsIn } from '../../policy/messages/message-fields.ts'
import { ownerOf } from '../../policy/names/names.ts'
import { plainText } from '../../rewrite/unity-catalog/registry-rows.ts'
import { pagesOf } from '../network/pages-of.ts'

/** A registered model (a prompt is one, too) or an experiment as MLflow lists it. */
export interface StoredThing {
  readonly kind: 'model' | 'experiment'
  readonly name: string
  /** Of an experiment; '' for a model, which has none. */
  readonly id: string
  /** When it was made, in milliseconds since 1970 as a text; '' where MLflow does not say. */
  readonly created: string
  readonly isDeleted: boolean
  readonly row: JsonObject
}

/** Gets an answer of MLflow's; null where it gives none. */
export type Ask = (path: string, query: Readonly<Record<string, string>>) => Promise<JsonObject | null>

/** A list of MLflow's, and the parameters with which it shows some of its rows. */
export interface Listing {
  readonly kind: StoredThing['kind']
  readonly path: string
  readonly rows: string
  readonly query: Readonly<Record<string, string>>
}

/** As many rows as every MLflow gives on a page of these lists, and Unity Catalog of its own. */
const page = { max_results: '200' } as const
const catalogPage = { max_results: '100' } as const

const experiments: Listing = { kind: 'experiment', path: '/api/2.0/mlflow/experiments/search', rows: 'experiments', query: page }
const models: Listing = {
  kind: 'model',
  path: '/api/2.0/mlflow/registered-models/search',
  rows: 'registered_models',
  query: page,
}
/** MLflow lists prompts, which are registered models, only where a filter asks for them. */
const prompts: Listing = { ...models, query: { ...page, filter: "tags.`mlflow.prompt.is_prompt` = 'true'" } }
/** The models of all schemas that whoever asks may see. */
const catalogModels: Listing = { ...models, path: '/api/2.0/mlflow/unity-catalog/registered-models/search', query: catalogPage }

/** Where everything that an environment could have is listed. `deleted`: with experiments that are deleted. */
export function listingsOf(config: PolicyConfig, { deleted = false } = {}): readonly Listing[] {
  const inRegistry = { mlflow: [models, prompts], databricks: [models], unityCatalog: [catalogModels] }
  return [...inRegistry[serverKindOf(config)], deleted ? { ...experiments, query: { ...page, view_type: 'ALL' } } : experiments]
}

/** A row of a list, or what an answer has of a single thing. */
export function readThing(kind: StoredThing['kind'], row: JsonObject): StoredThing {
  const text = (key: string) => plainText(row.get(key))
  return {
    kind,
    name: text('name'),
    id: text('experiment_id'),
    created: text(kind === 'model' ? 'creation_timestamp' : 'creation_time'),
    isDeleted: text('lifecycle_stage') === 'deleted',
    row,
  }
}

/** What a list has, from at most so many pages; null where MLflow does not show it. */
export async function listThings(ask: Ask, { kind, path, rows, query }: Listing, pages: number): Promise<StoredThing[] | null> {
  const things: StoredThing[] = []
  const askPage = (token: string) => ask(path, token === '' ? query : { ...query, page_token: token })
  let read = 0
  for await (const answer of pagesOf(askPage, (page) => plainText(page?.get('next_page_token')))) {
    if (answer === null) return null
    for (const row of objectsIn(answer.get(rows))) things.push(readThing(kind, row))
    read += 1
    if (read >= pages) break
  }
  return things
}

/** Whether every MLflow server has this experiment, whether anybody uses it or not. It cannot become an environment's: callers mean their own by its id. */
export function isEverywhere({ kind, id, name }: StoredThing): boolean {
  return kind === 'experiment' && (id === '0' || name === 'Default')
}

/** Whether a thing belongs to no environment, so that no caller sees it. */
export function isUnowned(config: PolicyConfig, thing: StoredThing): boolean {
  return !isEverywhere(thing) && ownerOf(config, thing.kind, thing.name) === null
}
