import type { GatewayFact, GatewayKind } from '../../policy/genai/gateway-thing.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import { objectsIn } from '../../policy/messages/message-fields.ts'
import type { Query } from './all-pages.ts'
import { readFoundIfServed, textIn } from './look-up-answers.ts'
import type { LookUps } from './look-ups.ts'

const api = '/api/3.0/mlflow/gateway'

/** MLflow's endpoint for each kind, and its names of the parts. */
const places = {
  gatewayEndpoint: { path: 'endpoints', id: 'endpoint_id', thing: 'endpoint', name: 'name' },
  modelDefinition: { path: 'model-definitions', id: 'model_definition_id', thing: 'model_definition', name: 'name' },
  gatewaySecret: { path: 'secrets', id: 'secret_id', thing: 'secret', name: 'secret_name' },
} as const satisfies Record<GatewayKind, object>

/** Only what the answer contains: a missing part has no key. */
function said<K extends string, V>(key: K, value: V | null): { [key in K]?: V } {
  const part: { [key in K]?: V } = {}
  if (value !== null) part[key] = value
  return part
}

function readFact(kind: GatewayKind, row: JsonObject): GatewayFact | null {
  const [id, name] = [textIn(row, places[kind].id), textIn(row, places[kind].name)]
  if (id === null || name === null) return null
  const [secretId, secretName] = [textIn(row, 'secret_id'), textIn(row, 'secret_name')]
  const secret = kind === 'modelDefinition' && secretId && secretName ? { id: secretId, name: secretName } : null
  const masked = row.get('masked_values')
  return {
    ...{ id, name },
    ...said('experimentId', textIn(row, 'experiment_id')),
    ...said('secret', secret),
    ...said('provider', textIn(row, 'provider')),
    ...said('keys', masked instanceof Map ? [...masked.keys()] : null),
    ...said('authMode', textIn(row.get('auth_config'), 'auth_mode')),
    ...said('apiBase', textIn(row.get('auth_config'), 'api_base')),
  }
}

function find(lookUps: LookUps, path: string, query?: Query): Promise<JsonObject | null> {
  return lookUps.find(`${api}/${path}`, query, readFoundIfServed)
}

/** Looks up a part of MLflow's AI gateway. Nothing is cached: parts may be renamed, and are rarely looked up. */
export async function gatewayThing(lookUps: LookUps, kind: GatewayKind, id: string): Promise<GatewayFact | null> {
  const found = await find(lookUps, `${places[kind].path}/get`, { [places[kind].id]: id })
  const row = found?.get(places[kind].thing)
  return row instanceof Map ? readFact(kind, row) : null
}

/** The names of everything that uses a secret or a model definition. */
export async function gatewayUsers(
  lookUps: LookUps,
  kind: 'modelDefinition' | 'gatewaySecret',
  id: string,
): Promise<readonly string[]> {
  const namesOf = (rows: readonly JsonObject[]) => rows.map((row) => textIn(row, 'name') ?? '')
  if (kind === 'gatewaySecret') {
    const found = await find(lookUps, 'model-definitions/list', { secret_id: id })
    return namesOf(objectsIn(found?.get('model_definitions')))
  }
  const uses = (row: JsonObject) => {
    const mappings = row.get('model_mappings')
    return Array.isArray(mappings) && mappings.some((mapping) => textIn(mapping, 'model_definition_id') === id)
  }
  const found = await find(lookUps, 'endpoints/list')
  return namesOf(objectsIn(found?.get('endpoints')).filter(uses))
}
