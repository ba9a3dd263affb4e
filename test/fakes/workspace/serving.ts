import { randomUUID } from 'node:crypto'
import { type Access, type ObjectPath, principalOf } from './access.ts'
import { type Answer, absent, DatabricksError, denied, events, invalid, json } from './answer.ts'
import { type Call, type Fields, objectOf, objectsOf, optionalText, type Routes, text, texts } from './call.ts'
import { everybody } from './directory.ts'
import type { Registry } from './model-versions.ts'

/** A model that every workspace offers to everybody, paid for by its tokens. */
export const foundationModel = 'databricks-meta-llama-3-3-70b-instruct'

/** A serving endpoint; nothing is really served. */
interface Endpoint {
  readonly id: string
  readonly name: string
  readonly creator: string
  readonly created: number
  config: Fields
  tags: Fields[]
  version: number
}

/** The workspace's serving endpoints. */
export interface Serving {
  readonly endpoints: Map<string, Endpoint>
  hasId(id: string): boolean
}

/** No endpoints yet but that of a foundation model. */
export function makeServing(access: Access): Serving {
  const endpoints = new Map<string, Endpoint>()
  const entity = { name: foundationModel, foundation_model: { name: 'system.ai.llama_v3_3_70b_instruct', display_name: 'Llama' } }
  const config = { served_entities: [entity] }
  endpoints.set(foundationModel, {
    id: 'foundation',
    name: foundationModel,
    creator: '',
    created: 0,
    config,
    tags: [],
    version: 1,
  })
  access.give('/serving-endpoints/foundation', { kind: 'group_name', name: everybody }, 'CAN_QUERY')
  return { endpoints, hasId: (id) => [...endpoints.values()].some((endpoint) => endpoint.id === id) }
}

/** A workspace keeps a secret that is written in a request, and never shows it. */
function withoutPlaintext(fields: Fields): Fields {
  const kept = Object.entries(fields).filter(([key]) => !key.endsWith('_plaintext'))
  return Object.fromEntries(
    kept.map(([key, value]) => [key, typeof value === 'object' ? withoutPlaintext(objectOf(value)) : value]),
  )
}

/** Served entities, and the older served models, as entities with the names that they have by default (facts 84 and 85). */
function readEntities(config: Fields): Fields[] {
  const old = objectsOf(config.served_models).map((model) => ({
    ...model,
    entity_name: model.model_name,
    entity_version: model.model_version,
  }))
  return [...objectsOf(config.served_entities), ...old].map((entity: Fields) => {
    const external = entity.external_model === undefined ? null : withoutPlaintext(objectOf(entity.external_model))
    if (external !== null) return { name: text(external, 'name').replaceAll(/[.:]/g, '-'), ...entity, external_model: external }
    const [name, version] = [text(entity, 'entity_name'), optionalText(entity, 'entity_version')]
    // Of a name in three levels the last (databricks-recordings 11).
    const last = name.split('.').at(-1)
    return { ...entity, name: optionalText(entity, 'name') ?? [last, version].filter((part) => part !== null).join('-') }
  })
}

async function readConfig({ models }: Registry, call: Call, given: Fields): Promise<Fields> {
  const entities = readEntities(given)
  for (const entity of entities.filter(({ external_model }) => external_model === undefined)) {
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

function show({ id, name, creator, created, config, tags, version }: Endpoint) {
  const state = { ready: 'READY', config_update: 'NOT_UPDATING' }
  return { id, name, creator, creation_timestamp: created, state, tags, config: { ...config, config_version: version } }
}

/** What a model says: which version it is, at once or in events; and in the form of its own where it fails. */
function answerOf(name: unknown, { stream, fail }: Fields): Answer {
  if (fail === true)
    return json({ error: { message: `the input of ${String(name)} does not fit`, type: 'invalid_request' } }, 422)
  if (stream !== true) return json({ predictions: [{ served_entity: name }] })
  const chunk = (content: string) => ({ object: 'chat.completion.chunk', choices: [{ delta: { content } }], served_entity: name })
  return events(['one', 'two', 'three'].map(chunk), 400)
}

/** Below `/serving-endpoints`, where a base URL of OpenAI's client ends (databricks-sdk's `get_open_ai_client`). */
const openaiPaths = ['chat/completions', 'completions', 'embeddings', 'responses', 'anthropic/v1/messages']

/** The answer of a chat, at once or in events, which calls its model by the endpoint's name. */
function chatAnswer(model: string, { stream }: Fields): Answer {
  if (stream !== true)
    return json({ object: 'chat.completion', model, choices: [{ message: { content: `I am "model": "${model}"` } }] })
  const chunk = (content: string) => ({ object: 'chat.completion.chunk', model, choices: [{ delta: { content } }] })
  return events(['one', 'two', 'three'].map(chunk), 200)
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
  const query = (call: Call) => {
    const [entity] = objectsOf(find(call, 'CAN_QUERY').config.served_entities)
    return answerOf(entity?.name, call.fields)
  }
  const byModel = (call: Call) =>
    chatAnswer(find({ ...call, params: { name: text(call.fields, 'model') } }, 'CAN_QUERY').name, call.fields)
  const create = async (call: Call) => {
    const name = text(call.fields, 'name')
    // [databricks/cli libs/testserver/serving_endpoints.go]
    if (endpoints.has(name))
      throw new DatabricksError(409, 'RESOURCE_ALREADY_EXISTS', `Serving endpoint with name ${name} already exists`)
    const config = await readConfig(registry, call, objectOf(call.fields.config))
    const endpoint = {
      id: randomUUID().replaceAll('-', ''),
      name,
      creator: call.caller.name,
      created: Date.now(),
      config,
      tags: objectsOf(call.fields.tags),
      version: 1,
    }
    endpoints.set(name, endpoint)
    access.give(pathOf(endpoint)[0], principalOf(call.caller), 'CAN_MANAGE')
    return json(show(endpoint))
  }
  return {
    [`POST ${base}`]: create,
    [`POST ${base}/pt`]: create,
    [`PUT ${base}/pt/{name}/config`]: async (call) => {
      const endpoint = find(call, 'CAN_MANAGE')
      endpoint.config = await readConfig(registry, call, objectOf(call.fields.config))
      endpoint.version += 1
      return json(show(endpoint))
    },
    [`PUT ${base}/{name}/ai-gateway`]: (call) => {
      find(call, 'CAN_MANAGE')
      return json({ rate_limits: call.fields.rate_limits ?? [] })
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
    [`PATCH ${base}/{name}/tags`]: (call) => {
      const endpoint = find(call, 'CAN_MANAGE')
      const added = objectsOf(call.fields.add_tags)
      const gone = [...added.map(({ key }) => key), ...texts(call.fields, 'delete_tags')]
      endpoint.tags = [...endpoint.tags.filter(({ key }) => !gone.includes(key)), ...added]
      return json({ tags: endpoint.tags })
    },
    [`PUT ${base}/{name}/rate-limits`]: (call) => {
      find(call, 'CAN_MANAGE')
      return json({ rate_limits: call.fields.rate_limits ?? [] })
    },
    [`GET ${base}/{name}/served-models/{served_model_name}/logs`]: (call) => {
      const served = objectsOf(find(call, 'CAN_VIEW').config.served_entities).find(
        ({ name }) => name === call.params.served_model_name,
      )
      if (served === undefined) throw absent(`Served entity ${call.params.served_model_name} does not exist.`)
      return json({ logs: `[${String(served.name)}] Booting worker` })
    },
    [`GET ${base}/{name}/metrics`]: (call) => {
      const { name } = find(call, 'CAN_VIEW')
      const headers = { 'content-type': 'text/plain; version=0.0.4' }
      return { status: 200, headers, body: `request_count_total{endpoint_name="${name}"} 1\n` }
    },
    // Without /api/2.0 (fact 86); the answer says which version would have answered.
    'POST /serving-endpoints/{name}/invocations': query,
    // Of OpenAI's client: the endpoint is the body's `model`.
    ...Object.fromEntries(openaiPaths.map((path) => [`POST /serving-endpoints/${path}`, byModel])),
    // Calls any address for the caller (fact 86); without a connection of Unity Catalog there is nothing to call.
    'POST /api/2.0/external-function': () => {
      throw denied('No connection of this name is shared with you.')
    },
  }
}
