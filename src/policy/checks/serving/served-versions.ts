import { type Environment, usesCatalog } from '../../environments/environment.ts'
import { isInProduction } from '../../environments/production.ts'
import { absent, type EvaluationContext, managesProduction, resolveAllowed } from '../../evaluation-context.ts'
import { ask, type Evaluation } from '../../fact-query.ts'
import { invalidValue } from '../../messages/invalid-value.ts'
import type { Json, JsonObject } from '../../messages/json/json.ts'
import { objectsIn, placesMeaning } from '../../messages/message-fields.ts'
import { isVersion } from '../../names/ids.ts'
import { resolveName } from '../../names/names.ts'
import { Refusal } from '../../reasons.ts'
import { externalModelProblem } from '../../serving/external-model.ts'
import { isOfferedModel, isOwnSecret, isSharedEndpoint, refuseServing } from '../../serving/serving-endpoints.ts'
import { notVersion } from '../request/id-forms.ts'
import { productionOnly } from '../versions/versions.ts'
import { checkRateLimits, checkServedLimits } from './serving-limits.ts'

/** One thing that an endpoint is to serve, in the spelling of served entities or of the older served models. */
interface Served {
  readonly entity: JsonObject
  readonly name: string
  readonly version: string
}

/** The message if neither a version of the caller's is to be served, nor something that the configuration allows. */
function onlyOwnVersions({ name }: Environment): Refusal {
  return refuseServing(
    `Serving endpoints serve versions of registered models that you may read: set the name and the version of one. Other Unity Catalog models are served if the configuration of environment '${name}' lists their schema under servingModels.schemas, external models if it lists their provider under servingModels.providers. Feature specs are not served.`,
  )
}

function text(object: JsonObject, ...keys: readonly string[]): string {
  const values = keys.map((key) => object.get(key))
  return values.find((value): value is string => typeof value === 'string' && value !== '') ?? ''
}

type Asked = Pick<EvaluationContext, 'endpoint' | 'message'>

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

/** The message for a field that only the workspace's administrators may set. */
const whose: Readonly<Record<string, string>> = {
  budget_policy_id: 'budgets belong to the whole workspace',
  route_optimized: 'queries to an endpoint with an address of its own bypass this proxy',
  instance_profile_arn: 'it is an identity of the whole workspace',
}

function refuseGiven(field: string, value: Json | undefined): void {
  if (value === undefined || value === null || value === false || value === '') return
  throw refuseServing(`Leave out '${field}': ${whose[field] ?? 'it refers to Unity Catalog tables, which mix all environments'}.`)
}

/** Fields that are never allowed, anywhere in the request. */
function checkWorkspaceFields(context: EvaluationContext): void {
  const { endpoint, message } = context
  for (const { selector, value } of placesMeaning(endpoint, message, 'ofWorkspace')) refuseGiven(selector, value)
  for (const config of configsOf(context)) refuseGiven('auto_capture_config', config.get('auto_capture_config'))
  for (const { value } of placesMeaning(endpoint, message, 'aiGateway')) {
    if (value instanceof Map) refuseGiven('inference_table_config', value.get('inference_table_config'))
  }
}

/** Secrets are the workspace's: a value may be one only of a scope that the configuration gives to the environment. */
function checkVariables(environment: Environment, entity: JsonObject): void {
  const variables = entity.get('environment_vars')
  for (const [key, value] of variables instanceof Map ? variables : []) {
    if (typeof value !== 'string' || !value.includes('{{') || isOwnSecret(environment, value)) continue
    throw refuseServing(
      `The environment variable '${key.slice(0, 64)}' refers to a secret of the workspace. Only secrets in the environment's servingSecretScopes may be used, as {{secrets/<scope>/<key>}}.`,
    )
  }
}

/** An external provider's model must not be combined with a registered one. */
function checkExternalModel(context: EvaluationContext, { entity, name, version }: Served): void {
  const { environment } = context
  const model = entity.get('external_model')
  if (!(model instanceof Map) || name !== '' || version !== '') throw onlyOwnVersions(environment)
  const problem = externalModelProblem(context, model)
  if (problem !== null) throw refuseServing(`${problem[0]?.toUpperCase() ?? ''}${problem.slice(1)}.`)
}

/** A version of a registered model that the caller may read. */
function checkOwnModel(context: EvaluationContext, { name, version }: Served): void {
  if (name === '' || version === '') throw onlyOwnVersions(context.environment)
  const { upstream } = resolveAllowed(context, 'model', name, 'read')
  // Three parts are looked for in Unity Catalog, whichever registry is the environments'.
  if (!usesCatalog(context.config) && upstream.split('.').length > 2) throw onlyOwnVersions(context.environment)
  if (!isVersion(version)) throw notVersion('entity_version', version)
}

/** A model in a schema that the configuration opens, which Databricks may serve in its only version. */
function checkOfferedModel({ references }: EvaluationContext, { name, version }: Served): void {
  references.push({ kind: 'model', logical: name, upstream: name })
  if (version !== '' && !isVersion(version)) throw notVersion('entity_version', version)
}

function checkEntity(context: EvaluationContext, served: Served): void {
  const { entity, name } = served
  const { environment } = context
  if (entity.has('foundation_model'))
    throw refuseServing("Set 'entity_name' to the foundation model's name in Unity Catalog: system.ai.<model>.")
  refuseGiven('instance_profile_arn', entity.get('instance_profile_arn'))
  checkVariables(environment, entity)
  if (entity.has('external_model')) checkExternalModel(context, served)
  else if (isOfferedModel(environment, name)) checkOfferedModel(context, served)
  else checkOwnModel(context, served)
  checkServedLimits(context, entity)
}

function checkEndpointName(context: EvaluationContext, name: string): void {
  const { endpoint, environment, references } = context
  if (!isSharedEndpoint(environment, name)) {
    resolveAllowed(context, 'endpoint', name, 'change')
    return
  }
  if (endpoint.sharedToo !== true) {
    throw new Refusal(
      'read-only',
      `'${name}' is a serving endpoint of the whole workspace: you may only get and query it. Choose another name for your own.`,
    )
  }
  references.push({ kind: 'endpoint', logical: name, upstream: name })
}

/** Serving endpoints, as far as nothing has to be asked: names, and what an endpoint may be made of. */
export function checkServing(context: EvaluationContext): void {
  const { endpoint, message } = context
  for (const { selector, value } of placesMeaning(endpoint, message, 'servingEndpointName')) {
    if (typeof value !== 'string') throw invalidValue(selector, value, 'the name of a serving endpoint')
    checkEndpointName(context, value)
  }
  for (const config of configsOf(context)) {
    const inside = text(config, 'name')
    if (inside !== '' && inside !== message.get('name'))
      throw new Refusal('malformed', "The request has a 'name' and a different 'config.name': send one of them.")
  }
  checkWorkspaceFields(context)
  for (const served of servedBy(context)) checkEntity(context, served)
  checkRateLimits(context)
}

/** The versions that an endpoint is to serve: there, and none in Production but for those who may manage these. */
export function* checkServedVersions(context: EvaluationContext): Evaluation<void> {
  const registered = servedBy(context).filter(
    ({ entity, name }) => !entity.has('external_model') && !isOfferedModel(context.environment, name),
  )
  for (const { name, version } of registered) {
    const { upstream } = resolveName(context.config, context.environment, 'model', name)
    const fact = yield* ask({ about: 'version', name: upstream, version })
    if (fact === null) throw absent.version(name, version)
    if (isInProduction(context.config, fact) && !managesProduction(context.environment)) throw productionOnly(name, version)
  }
}
