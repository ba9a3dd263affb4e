import { checkNotServed, checkRequiredFields } from '../checks/request/fields.ts'
import { checkVersionNumbers } from '../checks/request/id-forms.ts'
import type { DecodedRequest } from '../decoded-request.ts'
import type { OpenEndpoint } from '../endpoints/endpoint.ts'
import { endpointTable } from '../endpoints/endpoint-table.ts'
import type { Environment, PolicyConfig } from '../environments/environment.ts'
import { foreignName } from '../evaluation-context.ts'
import { type Json, JsonNumber, type JsonObject } from '../messages/json/json.ts'
import { Refusal } from '../reasons.ts'
import { mayRead, resolveName } from './names.ts'

const operations: Readonly<Record<string, string>> = {
  READ_MODEL_VERSION: 'MODEL_VERSION_OPERATION_READ',
  READ_WRITE_MODEL_VERSION: 'MODEL_VERSION_OPERATION_READ_WRITE',
}

/** What a version may depend on, by how either API says it; of tables and indices the second says the same. */
const dependencies: readonly (readonly [key: string, name: string, type: string])[] = [
  ['table', 'table_full_name', 'DATABRICKS_TABLE'],
  ['function', 'function_full_name', 'DATABRICKS_UC_FUNCTION'],
  ['connection', 'connection_name', 'DATABRICKS_UC_CONNECTION'],
]

function textOf(value: Json | undefined): string {
  if (value instanceof JsonNumber) return value.text
  return typeof value === 'string' ? value : ''
}

function dependencyList(value: Json): Json {
  const listed = value instanceof Map ? value.get('dependencies') : null
  return (Array.isArray(listed) ? listed : []).flatMap((each) =>
    dependencies.flatMap(([key, name, type]) => {
      const inner = each instanceof Map ? each.get(key) : null
      const said = inner instanceof Map ? textOf(inner.get(name)) : ''
      return said === '' ? [] : [new Map<string, Json>(Object.entries({ type, name: said }))]
    }),
  )
}

/** Fields that go on, with what they are called in the first API and how they are said there. */
const fields: Readonly<Record<string, readonly [name: string, say?: (value: Json) => Json]>> = {
  comment: ['description'],
  version: ['version', textOf],
  version_num: ['version', textOf],
  operation: ['operation', (value) => operations[textOf(value)] ?? 'MODEL_VERSION_OPERATION_UNSPECIFIED'],
  model_version_dependencies: ['model_version_dependencies', dependencyList],
  ...Object.fromEntries(
    [
      ...['alias', 'new_name', 'tags', 'deployment_job_id', 'source', 'run_id', 'model_id', 'feature_deps'],
      ...['run_tracking_server_id', 'max_results', 'page_token'],
    ].map((name) => [name, [name] as const]),
  ),
}

/** The name that stands in one field or in three. */
function saidName({ fields: known }: OpenEndpoint, message: JsonObject): string {
  if ('full_name' in known) return textOf(message.get('full_name'))
  const levels = ['catalog_name', 'schema_name', 'model_name' in known ? 'model_name' : 'name'].map((key) =>
    textOf(message.get(key)),
  )
  if (levels.every((level) => !level.includes('.'))) return levels.join('.')
  throw new Refusal(
    'invalid-parameter',
    'No level of a Unity Catalog name contains a dot: send the catalog, the schema and the model separately.',
  )
}

/** Models are listed of one schema: the environment's own. */
function checkSchema(environment: Environment, message: JsonObject): void {
  const [catalog, schema] = [textOf(message.get('catalog_name')), textOf(message.get('schema_name'))]
  if (catalog === '' && schema === '') return
  if (catalog === '' || schema === '') {
    throw new Refusal(
      'invalid-parameter',
      "Send both catalog_name and schema_name, or neither to list your environment's own models.",
    )
  }
  if (`${catalog}.${schema}`.toLowerCase() === environment.unityCatalogSchema?.toLowerCase()) return
  throw new Refusal(
    'foreign-name',
    `The schema '${catalog}.${schema}' is not the schema of your environment '${environment.name}'. Leave catalog_name and schema_name out to list its own models.`,
  )
}

/** Versions are listed of one model, by its name. */
function versionFilter(config: PolicyConfig, environment: Environment, name: string): string {
  const { owner, upstream } = resolveName(config, environment, 'model', name)
  if (owner.name !== environment.name && !mayRead(environment, owner)) throw foreignName(environment, 'model', name)
  if (!/['"`\\]/.test(upstream)) return `name = '${upstream}'`
  throw new Refusal('invalid-parameter', 'Versions of a model with quotes in its name cannot be listed. Get each by its number.')
}

function firstMessage(config: PolicyConfig, environment: Environment, endpoint: OpenEndpoint, message: JsonObject): JsonObject {
  const translated: JsonObject = new Map()
  for (const [key, value] of message) {
    const [name, say] = fields[key] ?? []
    if (name !== undefined) translated.set(name, say ? say(value) : value)
  }
  if (endpoint.action !== 'search') translated.set('name', saidName(endpoint, message))
  else if (endpoint.resource === 'registeredModel') checkSchema(environment, message)
  else translated.set('filter', versionFilter(config, environment, saidName(endpoint, message)))
  return translated
}

/**
 * A request to Unity Catalog's own API as the request to MLflow's first API for it that means the same; any other as it is. It is judged and
 * sent as that. Throws Refusal for what only the second API can say.
 */
export function asFirstApi(config: PolicyConfig, environment: Environment, request: DecodedRequest): DecodedRequest {
  const { endpoint, message, mode } = request
  if (endpoint.asks === undefined) return request
  const first = endpointTable('unityCatalog', mode).open.get(endpoint.asks)
  if (first === undefined) throw new Error(`${endpoint.name} asks ${endpoint.asks}, which is not a row`)
  for (const check of [checkRequiredFields, checkNotServed, checkVersionNumbers]) check(request)
  return { ...request, endpoint: first, message: firstMessage(config, environment, endpoint, message) }
}
