import type { OpenEndpoint } from '../../policy/endpoints/endpoint.ts'
import type { Grant, GrantContext } from '../../policy/grant.ts'
import { type Json, JsonNumber, type JsonObject } from '../../policy/messages/json/json.ts'
import { objectsIn } from '../../policy/messages/message-fields.ts'
import { resolveName } from '../../policy/names/names.ts'
import { Refusal } from '../../policy/reasons.ts'
import { listedRows } from '../answer/listed-rows.ts'
import { plainText } from './registry-rows.ts'

/** In this API a name is its three levels, and clients write addresses of them: it is always said in full. */
function levelsOf(
  name: string,
  { config, environment }: GrantContext,
): { readonly full: string; readonly levels: readonly string[] } {
  const full = resolveName(config, environment, 'model', name).upstream
  return { full, levels: full.split('.') }
}

function nameFields(name: string, context: GrantContext, last: 'name' | 'model_name'): JsonObject {
  const [catalog = '', schema = '', model = ''] = levelsOf(name, context).levels
  return new Map([
    [last, model],
    ['catalog_name', catalog],
    ['schema_name', schema],
  ])
}

/** Fields of the first API with what the second calls them. */
const shared: readonly (readonly [string, string])[] = [
  ['description', 'comment'],
  ['creation_timestamp', 'created_at'],
  ['last_updated_timestamp', 'updated_at'],
  ['tags', 'tags'],
]
const modelFields = [...shared, ['user_id', 'owner'], ...same('deployment_job_id', 'deployment_job_state')] as const
const versionFields = [
  ...shared,
  ['user_id', 'created_by'],
  ...same('source', 'run_id', 'storage_location', 'model_id', 'model_params', 'model_metrics', 'deployment_job_state'),
] as const

function same(...names: string[]): (readonly [string, string])[] {
  return names.map((name) => [name, name])
}

function rename(row: JsonObject, fields: readonly (readonly [string, string])[]): [string, Json][] {
  return fields.flatMap(([name, theirs]): [string, Json][] => {
    const value = row.get(name)
    return value === undefined ? [] : [[theirs, value]]
  })
}

function aliasInfo(name: string, alias: string, version: string, context: GrantContext): JsonObject {
  return new Map<string, Json>([
    ['alias_name', alias],
    ['version_num', new JsonNumber(version)],
    ...nameFields(name, context, 'model_name'),
  ])
}

/** Aliases come as pairs with versions, or as the names of those that point at the version. */
function aliasInfos(row: JsonObject, name: string, context: GrantContext): Json[] {
  const listed = row.get('aliases')
  const own = plainText(row.get('version'))
  return (Array.isArray(listed) ? listed : []).flatMap((each) => {
    const alias = each instanceof Map ? plainText(each.get('alias')) : plainText(each)
    const version = each instanceof Map ? plainText(each.get('version')) || own : own
    return alias === '' || version === '' ? [] : [aliasInfo(name, alias, version, context)]
  })
}

function modelInfo(row: JsonObject, context: GrantContext): JsonObject {
  const name = plainText(row.get('name'))
  const names: [string, Json][] = [...nameFields(name, context, 'name'), ['full_name', levelsOf(name, context).full]]
  return new Map([...names, ...rename(row, modelFields), ['aliases', aliasInfos(row, name, context)]])
}

function versionInfo(row: JsonObject, context: GrantContext): JsonObject {
  const name = plainText(row.get('name'))
  const info: JsonObject = new Map([...nameFields(name, context, 'model_name'), ...rename(row, versionFields)])
  info.set('version', new JsonNumber(plainText(row.get('version')))).set('aliases', aliasInfos(row, name, context))
  const status = plainText(row.get('status'))
  return info.set('status', status === '' || status === 'UNSPECIFIED' ? 'MODEL_VERSION_STATUS_UNKNOWN' : status)
}

function part(answer: JsonObject, key: string): JsonObject {
  const value = answer.get(key)
  if (value instanceof Map) return value
  throw new Refusal('unknown-answer', "The workspace's answer has an unknown form. See the proxy's log.")
}

function listed(answer: JsonObject, key: string, show: (row: JsonObject) => JsonObject): JsonObject {
  const shown: JsonObject = new Map([[key, objectsIn(listedRows(answer, key)).map(show)]])
  const next = answer.get('next_page_token')
  return next === undefined ? shown : shown.set('next_page_token', next)
}

type Form = (answer: JsonObject, context: GrantContext, message: JsonObject) => JsonObject

/** How each message of Unity Catalog's own API is made of MLflow's first API's. Those of deletions have no fields. */
const forms: Readonly<Record<string, Form>> = {
  'mlflow.unitycatalog.RegisteredModelInfo': (answer, context) => modelInfo(part(answer, 'registered_model'), context),
  'mlflow.unitycatalog.ModelVersionInfo': (answer, context) => versionInfo(part(answer, 'model_version'), context),
  'mlflow.unitycatalog.ListRegisteredModels.Response': (answer, context) =>
    listed(answer, 'registered_models', (row) => modelInfo(row, context)),
  'mlflow.unitycatalog.ListModelVersions.Response': (answer, context) =>
    listed(answer, 'model_versions', (row) => versionInfo(row, context)),
  'mlflow.unitycatalog.TemporaryCredentials': (answer) => part(answer, 'credentials'),
  'mlflow.unitycatalog.RegisteredModelAliasInfo': (_answer, context, message) => {
    const [name = '', alias = '', version = ''] = ['name', 'alias', 'version'].map((key) => plainText(message.get(key)))
    return aliasInfo(name, alias, version, context)
  },
}

/**
 * The answer to a request, already in the caller's words, in the form of the endpoint that was asked: what was asked in Unity Catalog's own API
 * was judged and sent in MLflow's first API for it. Answers of all other endpoints are as they are.
 */
export function inAskedForm({ asks, response }: OpenEndpoint, { context, message }: Grant, answer: JsonObject): JsonObject {
  if (asks === undefined) return answer
  return forms[response]?.(answer, context, message) ?? new Map()
}
