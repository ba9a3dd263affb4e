import type { OpenEndpoint } from './endpoints/endpoint.ts'
import type { ClientMode, Environment, PolicyConfig } from './environments/environment.ts'
import type { VersionFact } from './fact-query.ts'
import type { Change } from './freeze-keys.ts'
import type { AuditedReference } from './grant.ts'
import type { JsonObject } from './messages/json/json.ts'
import { textMeaning } from './messages/message-fields.ts'
import type { NameKind } from './names/name-form.ts'
import { mayRead, nameWords, type OwnedName, resolveName, type UpstreamName } from './names/names.ts'
import type { VersionTag } from './promotions/promotion-tags.ts'
import { Refusal } from './reasons.ts'

/** One request under judgement: what is asked, by whom, and what was found so far. */
export interface EvaluationContext {
  readonly endpoint: OpenEndpoint
  readonly message: JsonObject
  readonly config: PolicyConfig
  readonly environment: Environment
  /** Whether the caller is an administrator of the environment. */
  readonly administrator: boolean
  /** Whether the caller may only read and search. */
  readonly reader: boolean
  readonly mode: ClientMode
  /** What is written down of the promotion that the request carries out; null: it is a caller's own. */
  readonly record: readonly VersionTag[] | null
  readonly references: AuditedReference[]
  readonly visibleExperiments: Set<string>
  readonly admitted: Set<string>
  /** Of the traces that are looked for, those that the caller may have. */
  readonly visibleTraces: Set<string>
  /** Ids that were passed over, because they are absent or another's. */
  readonly passedOver: Set<string>
  /** What the request changes and a version in production may be made of: whether it is frozen is looked at last of all. */
  readonly changes: Change[]
  /** Keys of what the request brings into production. */
  readonly promotes: Set<string>
  /** Whose models the request is about: the caller's, or those of the environment that they name. */
  scope: Environment
  /** Known when everything has been checked that needs no look-up; `notThereYet` until it is made. */
  defaultExperimentId: string
  /** The model version that the request is about, where it was looked up. */
  version: VersionFact | null
  /** The run behind the version that a new version is made from. */
  sourceRunId: string | null
  /** Where the files of the new version's source lie upstream, where the registry takes no other word for it. */
  sourceLocation: string | null
  /** Where the use of a gateway endpoint is written down, where the request leaves that to MLflow. */
  usageExperimentId: string | null
  /** Names of experiments that the request needs, and that have to be made first. */
  readonly missing: UpstreamName[]
}

/** Whether the request only reads. */
export function reads(endpoint: OpenEndpoint): boolean {
  return endpoint.action === 'read' || endpoint.action === 'search'
}

/** Whether sending the request twice changes nothing more than sending it once. Nobody knows what a model does when it is asked twice. */
export function isRepeatable(endpoint: OpenEndpoint): boolean {
  return endpoint.repeatable === true || (reads(endpoint) && endpoint.bytes !== 'both')
}

/** Whether callers of the environment may have to do with versions in stage Production. */
export function managesProduction(environment: Environment): boolean {
  return environment.production
}

/** The refusal of a name in another environment's namespace: the same whether or not the thing exists. */
export function foreignName(environment: Environment, kind: NameKind, name: string): Refusal {
  const word = nameWords[kind]
  return new Refusal(
    'foreign-name',
    `The ${word} name '${name}' belongs to another environment, and you are in '${environment.name}'. Use the plain name for your own ${word}.`,
  )
}

/** Resolves a name and refuses one that the action may not touch. */
export function resolveAllowed(context: EvaluationContext, kind: NameKind, name: string, use: 'read' | 'change'): OwnedName {
  const { config, environment } = context
  const owned = resolveName(config, environment, kind, name)
  const own = owned.owner.name === environment.name
  if (!own && !(kind === 'model' && mayRead(environment, owned.owner))) throw foreignName(environment, kind, name)
  if (!own && use === 'change') {
    throw new Refusal(
      'read-only',
      `'${name}' belongs to environment '${owned.owner.name}': you may read and promote its versions, but not change it.`,
    )
  }
  context.references.push({ kind, logical: name, upstream: owned.upstream })
  return owned
}

/** The model that the request is about, or null when it is about none. */
export function subjectModel(context: EvaluationContext): OwnedName | null {
  const name = textMeaning(context.endpoint, context.message, 'modelName')
  return name === null ? null : resolveName(context.config, context.environment, 'model', name)
}

/** MLflow's own words for a thing that is not there: also the answer for one that the caller may not see. */
export const absent = {
  experiment: (id: string) => new Refusal('not-found', `No Experiment with id=${id} exists`),
  run: (id: string) => new Refusal('not-found', `Run with id=${id} not found`),
  loggedModel: (id: string) => new Refusal('not-found', `Logged model with ID '${id}' not found.`),
  trace: (id: string) => new Refusal('not-found', `Trace with ID '${id}' not found.`),
  version: (name: string, version: string) =>
    new Refusal('not-found', `Model Version (name=${name}, version=${version}) not found`),
  alias: (alias: string) => new Refusal('invalid-parameter', `Registered model alias ${alias} not found.`),
  dataset: (id: string) => new Refusal('not-found', `Evaluation dataset with id '${id}' not found`),
  issue: (id: string) => new Refusal('not-found', `Issue with ID '${id}' not found`),
  labelSchema: (id: string) => new Refusal('not-found', `Label schema with id '${id}' not found.`),
  scorer: (id: string) => new Refusal('not-found', `Scorer with id '${id}' not found.`),
  reviewQueue: (id: string) => new Refusal('not-found', `Review queue with id '${id}' not found.`),
  gatewayEndpoint: (id: string) => new Refusal('not-found', `GatewayEndpoint not found (endpoint_id='${id}')`),
  modelDefinition: (id: string) => new Refusal('not-found', `GatewayModelDefinition not found (model_definition_id='${id}')`),
  gatewaySecret: (id: string) => new Refusal('not-found', `GatewaySecret not found (secret_id='${id}')`),
  webhook: (id: string) => new Refusal('not-found', `Webhook with id ${id} does not exist.`),
  endpointId: (id: string) => new Refusal('not-found', `Serving endpoint with id ${id} does not exist.`),
  modelId: (id: string) => new Refusal('not-found', `Registered model with id ${id} does not exist.`),
  artifact: (path: string) => new Refusal('not-found', `No such artifact: '${path}'`),
}
