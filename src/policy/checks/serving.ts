import { type Environment, usesCatalog } from '../environment.ts'
import { isVersion } from '../ids.ts'
import type { Json, JsonObject } from '../json.ts'
import { absent, type Judgement, managesProduction, resolveAllowed } from '../judgement.ts'
import { placesMeaning } from '../message-fields.ts'
import { resolveName } from '../names.ts'
import { isInProduction } from '../production.ts'
import { ask, type Inquiry } from '../questions.ts'
import { Refusal } from '../reasons.ts'
import { isSharedEndpoint } from '../serving.ts'
import { notVersion } from './shape.ts'
import { productionOnly } from './versions.ts'

/** One thing that an endpoint is to serve, in the spelling of served entities or of the older served models. */
interface Served {
  readonly entity: JsonObject
  readonly name: string
  readonly version: string
}

function refuse(sentence: string): Refusal {
  return new Refusal('foreign-source', sentence)
}

const onlyOwnVersions =
  'Serving endpoints serve versions of registered models that you may read: give the name and the version of one. Foundation models, external models and feature specs are served by the endpoints that the configuration shares.'

function text(object: JsonObject, ...keys: readonly string[]): string {
  const values = keys.map((key) => object.get(key))
  return values.find((value): value is string => typeof value === 'string' && value !== '') ?? ''
}

function objectsIn(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter((item) => item instanceof Map) : []
}

type Asked = Pick<Judgement, 'endpoint' | 'message'>

function configsOf({ endpoint, message }: Asked): JsonObject[] {
  return placesMeaning(endpoint, message, 'servingConfig').flatMap(({ value }) => (value instanceof Map ? [value] : []))
}

/** Everything that an endpoint is to serve by a request, as its caller wrote it. */
export function servedBy(asked: Asked): readonly Served[] {
  const { endpoint, message } = asked
  const lists = [
    ...placesMeaning(endpoint, message, 'servedEntities').map(({ value }) => value),
    ...configsOf(asked).flatMap((config) => [config.get('served_entities'), config.get('served_models')]),
  ]
  return lists.flatMap(objectsIn).map((entity) => ({
    entity,
    name: text(entity, 'entity_name', 'model_name'),
    version: text(entity, 'entity_version', 'model_version'),
  }))
}

/** What is said of a field that only the workspace's administrators may set. */
const whose: Readonly<Record<string, string>> = {
  budget_policy_id: 'budgets are of the whole workspace',
  route_optimized: 'an endpoint with an address of its own is queried past this proxy',
  instance_profile_arn: 'it is an identity of the whole workspace',
}

function refuseGiven(field: string, value: Json | undefined): void {
  if (value === undefined || value === null || value === false || value === '') return
  throw refuse(`Leave out '${field}': ${whose[field] ?? 'it names tables of Unity Catalog, which hold every environment'}.`)
}

/** What may not be given at all, wherever in the request it stands. */
function checkWorkspaceFields(judgement: Judgement): void {
  const { endpoint, message } = judgement
  for (const { selector, value } of placesMeaning(endpoint, message, 'ofWorkspace')) refuseGiven(selector, value)
  for (const config of configsOf(judgement)) refuseGiven('auto_capture_config', config.get('auto_capture_config'))
  for (const { value } of placesMeaning(endpoint, message, 'aiGateway')) {
    if (value instanceof Map) refuseGiven('inference_table_config', value.get('inference_table_config'))
  }
}

/** Secrets are the workspace's: a value may be one only of a scope that the configuration gives to the environment. */
function checkVariables({ servingSecretScopes = [] }: Environment, entity: JsonObject): void {
  const variables = entity.get('environment_vars')
  for (const [key, value] of variables instanceof Map ? variables : []) {
    if (typeof value !== 'string' || !value.includes('{{')) continue
    const scope = /^\{\{secrets\/([A-Za-z0-9_.@-]+)\/[A-Za-z0-9_.@-]+\}\}$/.exec(value)?.[1]
    if (scope !== undefined && servingSecretScopes.includes(scope)) continue
    throw refuse(
      `The environment variable '${key.slice(0, 64)}' names a secret of the workspace. Only scopes among the environment's servingSecretScopes may be named, as {{secrets/<scope>/<key>}}.`,
    )
  }
}

function checkEntity(judgement: Judgement, { entity, name, version }: Served): void {
  if (entity.has('external_model') || name === '' || version === '') throw refuse(onlyOwnVersions)
  refuseGiven('instance_profile_arn', entity.get('instance_profile_arn'))
  checkVariables(judgement.environment, entity)
  const { upstream } = resolveAllowed(judgement, 'model', name, 'read')
  // Three parts are looked for in Unity Catalog, whichever registry is the environments'.
  if (!usesCatalog(judgement.landscape) && upstream.split('.').length > 2) throw refuse(onlyOwnVersions)
  if (!isVersion(version)) throw notVersion('entity_version', version)
}

function checkEndpointName(judgement: Judgement, name: string): void {
  const { endpoint, environment, references } = judgement
  if (!isSharedEndpoint(environment, name)) {
    resolveAllowed(judgement, 'endpoint', name, 'change')
    return
  }
  if (endpoint.sharedToo !== true) {
    throw new Refusal(
      'read-only',
      `'${name}' is a serving endpoint of the whole workspace: you may get and query it, and nothing else. Choose another name for your own.`,
    )
  }
  references.push({ kind: 'endpoint', logical: name, upstream: name })
}

/** Serving endpoints, as far as nothing has to be asked: names, and what an endpoint may be made of. */
export function checkServing(judgement: Judgement): void {
  const { endpoint, message } = judgement
  for (const { value } of placesMeaning(endpoint, message, 'servingEndpointName')) {
    if (typeof value === 'string') checkEndpointName(judgement, value)
  }
  for (const config of configsOf(judgement)) {
    const inside = text(config, 'name')
    if (inside !== '' && inside !== message.get('name'))
      throw new Refusal('malformed', "The request gives a 'name' and another 'config.name': send one of them.")
  }
  checkWorkspaceFields(judgement)
  for (const served of servedBy(judgement)) checkEntity(judgement, served)
}

/** The versions that an endpoint is to serve: there, and none in Production but for those who may manage these. */
export function* checkServedVersions(judgement: Judgement): Inquiry<void> {
  for (const { name, version } of servedBy(judgement)) {
    const { upstream } = resolveName(judgement.landscape, judgement.environment, 'model', name)
    const fact = yield* ask({ about: 'version', name: upstream, version })
    if (fact === null) throw absent.version(name, version)
    if (isInProduction(judgement.landscape, fact) && !managesProduction(judgement.environment))
      throw productionOnly(name, version)
  }
}
