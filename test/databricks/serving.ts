import { randomUUID } from 'node:crypto'
import { type ObjectPath, principalOf } from './access.ts'
import { absent, denied, invalid, json, taken } from './answer.ts'
import { type Call, type Fields, objectOf, objectsOf, optionalText, type Routes, text } from './call.ts'
import type { Registry } from './model-versions.ts'

/** A serving endpoint; nothing is really served. */
interface Endpoint {
  readonly id: string
  readonly name: string
  readonly creator: string
  readonly created: number
  config: Fields
  version: number
}

/** The workspace's serving endpoints. */
export interface Serving {
  readonly endpoints: Map<string, Endpoint>
  hasId(id: string): boolean
}

/** No endpoints yet. */
export function makeServing(): Serving {
  const endpoints = new Map<string, Endpoint>()
  return { endpoints, hasId: (id) => [...endpoints.values()].some((endpoint) => endpoint.id === id) }
}

/** Served entities, and the older served models, as entities with the names that they have by default (facts 84 and 85). */
function readEntities(config: Fields): Fields[] {
  const old = objectsOf(config.served_models).map((model) => ({
    ...model,
    entity_name: model.model_name,
    entity_version: model.model_version,
  }))
  return [...objectsOf(config.served_entities), ...old].map((entity: Fields) => {
    const [name, version] = [text(entity, 'entity_name'), optionalText(entity, 'entity_version')]
    return { ...entity, name: optionalText(entity, 'name') ?? [name, version].filter((part) => part !== null).join('-') }
  })
}

async function readConfig({ models }: Registry, call: Call, given: Fields): Promise<Fields> {
  const entities = readEntities(given)
  for (const entity of entities) {
    const [name, version] = [text(entity, 'entity_name'), optionalText(entity, 'entity_version')]
    // A version of the workspace registry has to be there and readable; names of three levels are Unity Catalog's.
    if (version !== null && !name.includes('.')) await models.requireVersion(call.caller, name, version, 'CAN_READ')
  }
  const routes = objectsOf(objectOf(given.traffic_config).routes)
  const names = entities.map((entity) => entity.name)
  for (const route of routes) {
    const target = optionalText(route, 'served_entity_name') ?? optionalText(route, 'served_model_name')
    if (!names.includes(target)) throw invalid(`Traffic route names ${target}, which is not served.`)
  }
  const [first] = names
  const all = first === undefined ? [] : [{ served_model_name: first, served_entity_name: first, traffic_percentage: 100 }]
  return { served_entities: entities, traffic_config: { routes: routes.length > 0 ? routes : all } }
}

function show({ id, name, creator, created, config, version }: Endpoint) {
  const state = { ready: 'READY', config_update: 'NOT_UPDATING' }
  return { id, name, creator, creation_timestamp: created, state, config: { ...config, config_version: version } }
}

/** Serving endpoints (facts 84 to 86): names are of the whole workspace, permissions go by id. */
export function servingRoutes(registry: Registry, { endpoints }: Serving): Routes {
  const { access } = registry
  const base = '/api/2.0/serving-endpoints'
  const pathOf = ({ id }: Endpoint): readonly [ObjectPath] => [`/serving-endpoints/${id}`]
  const find = (call: Call, level: string) => {
    const name = text(call.params, 'name')
    const endpoint = endpoints.get(name)
    if (endpoint === undefined) throw absent(`Endpoint with name '${name}' does not exist.`)
    access.require(call.caller, pathOf(endpoint), level)
    return endpoint
  }
  return {
    [`POST ${base}`]: async (call) => {
      const name = text(call.fields, 'name')
      if (endpoints.has(name)) throw taken(`Endpoint with name '${name}' already exists.`)
      const config = await readConfig(registry, call, objectOf(call.fields.config))
      const endpoint = {
        id: randomUUID().replaceAll('-', ''),
        name,
        creator: call.caller.name,
        created: Date.now(),
        config,
        version: 1,
      }
      endpoints.set(name, endpoint)
      access.give(pathOf(endpoint)[0], principalOf(call.caller), 'CAN_MANAGE')
      return json(show(endpoint))
    },
    [`GET ${base}`]: (call) => {
      const visible = [...endpoints.values()].filter((endpoint) => access.levelOf(call.caller, pathOf(endpoint)) !== null)
      return json({ endpoints: visible.map(show) })
    },
    [`GET ${base}/{name}`]: (call) => {
      const endpoint = find(call, 'CAN_VIEW')
      return json({ ...show(endpoint), permission_level: access.levelOf(call.caller, pathOf(endpoint)) })
    },
    [`PUT ${base}/{name}/config`]: async (call) => {
      const endpoint = find(call, 'CAN_MANAGE')
      endpoint.config = await readConfig(registry, call, call.fields)
      endpoint.version += 1
      return json(show(endpoint))
    },
    [`DELETE ${base}/{name}`]: (call) => {
      endpoints.delete(find(call, 'CAN_MANAGE').name)
      return json({})
    },
    // Without /api/2.0 (fact 86); the answer says which version would have answered.
    'POST /serving-endpoints/{name}/invocations': (call) => {
      const [entity] = objectsOf(find(call, 'CAN_QUERY').config.served_entities)
      return json({ predictions: [{ served_entity: entity?.name }] })
    },
    // Calls any address for the caller (fact 86); without a connection of Unity Catalog there is nothing to call.
    'POST /api/2.0/external-function': () => {
      throw denied('No connection of this name is shared with you.')
    },
  }
}
