import { attributeClause, printFilter } from '../../policy/filter/filter-string.ts'
import type { Json } from '../../policy/messages/json/json.ts'
import { ownText } from '../../policy/names/own-text.ts'
import { textIn } from './look-up-answers.ts'
import type { LookUps } from './look-ups.ts'

const api = '/api/2.0/mlflow'
/** How many models of an environment are searched for an id; more would be too expensive. */
const mostModels = 500

async function modelNames(lookUps: LookUps, suffix: string): Promise<readonly string[]> {
  const filter = printFilter([attributeClause('name', 'LIKE', { kind: 'string', text: `%${suffix}` })])
  const query = { filter, max_results: '100' }
  const rows = await lookUps.findAll(`${api}/registered-models/search`, query, 'registered_models', mostModels)
  const names = (rows ?? []).flatMap((row) => textIn(row, 'name') ?? [])
  return names.filter((name) => name.toLowerCase().endsWith(suffix.toLowerCase()))
}

async function idOf(lookUps: LookUps, name: string): Promise<string | null> {
  const found = await lookUps.find(`${api}/databricks/registered-models/get`, { name })
  return textIn(found?.get('registered_model_databricks'), 'id')
}

/** The workspace's model with this id. The name that is cached is tried first, but checked, because a model may have been renamed. */
export async function modelOfId(lookUps: LookUps, id: string, suffix: string): Promise<string | null> {
  const { environmentCache, memory } = lookUps
  const remembered = environmentCache.get(memory.modelIds, id)
  if (remembered !== undefined && (await idOf(lookUps, remembered)) === id) return remembered
  for (const name of await modelNames(lookUps, suffix)) {
    const found = await idOf(lookUps, name)
    if (found !== null) environmentCache.set(memory.modelIds, found, ownText(name))
    if (found === id) return name
  }
  return null
}

function nameAt(rows: readonly Json[] | null, id: string, key: string): string | null {
  return textIn(
    rows?.find((row) => textIn(row, 'id') === id),
    key,
  )
}

/** The model that a webhook listens to. Whoever may not list the whole registry's goes through the models' own. */
export async function modelOfWebhook(lookUps: LookUps, id: string, suffix: string): Promise<string | null> {
  const path = `${api}/registry-webhooks/list`
  const all = await lookUps.findAll(path, {}, 'webhooks', 10_000)
  if (all !== null) return nameAt(all, id, 'model_name')
  for (const name of await modelNames(lookUps, suffix)) {
    const found = nameAt(await lookUps.findAll(path, { model_name: name }, 'webhooks', 1_000), id, 'model_name')
    if (found !== null) return found
  }
  return null
}

/** The serving endpoint that has an id: the workspace lists them all at once. */
export async function endpointOfId(lookUps: LookUps, id: string): Promise<string | null> {
  return nameAt(await lookUps.findAll('/api/2.0/serving-endpoints', {}, 'endpoints', 1), id, 'name')
}
