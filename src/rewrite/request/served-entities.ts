import type { GrantContext } from '../../policy/grant.ts'
import type { Json, JsonObject } from '../../policy/messages/json/json.ts'
import { resolveName } from '../../policy/names/names.ts'
import { isOfferedModel, upstreamEndpointName } from '../../policy/serving/serving-endpoints.ts'

/** As Databricks takes names of served entities. */
const servedName = /^[A-Za-z0-9_-]{1,63}$/

function textOf(object: JsonObject, key: string): string {
  const value = object.get(key)
  return typeof value === 'string' ? value : ''
}

/**
 * One served entity in upstream names. Databricks would derive the name by which routes and logs know it from the upstream name:
 * it is given here as it would be derived from what the caller wrote, so that nothing else that names it has to be rewritten.
 */
function upstreamEntity(entity: JsonObject, context: GrantContext): JsonObject {
  const [nameKey, versionKey] = entity.has('model_name') ? ['model_name', 'model_version'] : ['entity_name', 'entity_version']
  const said = textOf(entity, nameKey)
  // What is not the environment's is called by its own name.
  if (entity.has('external_model') || isOfferedModel(context.environment, said)) return entity
  const { upstream } = resolveName(context.config, context.environment, 'model', said)
  const result = new Map(entity).set(nameKey, upstream)
  const derived = `${said}-${textOf(entity, versionKey)}`
  return textOf(entity, 'name') === '' && servedName.test(derived) ? result.set('name', derived) : result
}

/** A list of served entities, or of served models, in upstream names. */
export function upstreamEntities(value: Json, context: GrantContext): Json {
  return Array.isArray(value) ? value.map((item) => (item instanceof Map ? upstreamEntity(item, context) : item)) : value
}

/** The configuration of a serving endpoint in upstream names. */
export function upstreamServingConfig(value: Json, context: GrantContext): Json {
  if (!(value instanceof Map)) return value
  const result = new Map(value)
  for (const key of ['served_entities', 'served_models']) {
    const list = value.get(key)
    if (list !== undefined) result.set(key, upstreamEntities(list, context))
  }
  const name = textOf(value, 'name')
  return name === '' ? result : result.set('name', upstreamEndpointName(context, name))
}
