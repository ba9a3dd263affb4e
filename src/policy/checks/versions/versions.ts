import type { OpenEndpoint } from '../../endpoints/endpoint.ts'
import { type Stage, stages } from '../../environments/environment.ts'
import { isInProduction, keptAlias, protectedAliases } from '../../environments/production.ts'
import { absent, type EvaluationContext, managesProduction, reads, subjectModel } from '../../evaluation-context.ts'
import { ask, type Evaluation, type VersionFact } from '../../fact-query.ts'
import { textMeaning } from '../../messages/message-fields.ts'
import { reachableMessages, shapeOf } from '../../messages/message-shape.ts'
import type { OwnedName } from '../../names/names.ts'
import { Refusal } from '../../reasons.ts'
import { noteChange } from './freeze.ts'
import { notePromotion } from './origins.ts'

/** The stage in the server's spelling, however the caller wrote it. Throws `invalid-parameter` for a stage that MLflow lacks. */
export function canonicalStage(text: string): Stage {
  const stage = stages.find((known) => known.toLowerCase() === text.toLowerCase())
  if (stage !== undefined) return stage
  const shown = text.length <= 64 ? `: ${text}` : ''
  throw new Refusal('invalid-parameter', `Invalid Model Version stage${shown}. Value must be one of ${stages.join(', ')}.`)
}

/** The refusal of anything to do with a version in Production, for callers who may not manage those. */
export function productionOnly(name: string, version: string): Refusal {
  return new Refusal(
    'production-version',
    `Version ${version} of model '${name}' is in production, so only callers of a production environment may use it. Use another version.`,
  )
}

/** Looks up the version that the request is about, and refuses one in Production to those who may not manage it. */
function* subjectVersion(context: EvaluationContext, model: OwnedName): Evaluation<VersionFact | null> {
  const version = textMeaning(context.endpoint, context.message, 'version')
  if (version === null) return null
  const said = textMeaning(context.endpoint, context.message, 'modelName') ?? model.logical
  const fact = yield* ask({ about: 'version', name: model.upstream, version })
  if (fact === null) throw absent.version(said, version)
  if (isInProduction(context.config, fact) && !managesProduction(context.environment)) throw productionOnly(said, version)
  return fact
}

/** The stages of which other versions can be archived when one gets there. */
const activeStages: readonly Stage[] = ['Staging', 'Production']

/** Who may move which version into which stage (design §6). */
function checkTransition(context: EvaluationContext, model: OwnedName, version: VersionFact): void {
  const { environment, message, endpoint, config } = context
  const target = canonicalStage(textMeaning(endpoint, message, 'stage') ?? '')
  if (target === 'Production' && !managesProduction(environment)) {
    throw new Refusal(
      'stage',
      `Environment '${environment.name}' may not move versions to Production. Ask someone in a production environment to promote this version.`,
    )
  }
  if (message.get('archive_existing_versions') === true && config.kind !== 'databricks' && !activeStages.includes(target)) {
    // MLflow's own words, which it says with a 500.
    throw new Refusal(
      'invalid-parameter',
      `Model version transition cannot archive existing model versions because '${target}' is not an Active stage. Valid stages are ['Staging', 'Production']`,
    )
  }
  if (model.owner.name === environment.name) return
  const promotes = version.stage === 'Staging' && target === 'Production' && message.get('archive_existing_versions') !== true
  if (!promotes) {
    throw new Refusal(
      'read-only',
      `'${model.upstream}' belongs to environment '${model.owner.name}': you may only move its Staging versions to Production, without archiving others.`,
    )
  }
}

/**
 * Whether the answer says of each version in which stage it is. Of any other the stage has to be looked up: Unity Catalog does not always
 * say which aliases point at a version.
 */
function tellsStage({ response }: OpenEndpoint): boolean {
  return [...reachableMessages(response)].some((message) => shapeOf(message).fields.has('current_stage'))
}

/** In Unity Catalog an alias promotes in place, as a transition does elsewhere: nothing else of another environment's model may be aliased. */
function checkPromotion({ config }: EvaluationContext, model: OwnedName, alias: string, version: VersionFact | null): void {
  // A mere look-alike gives no more rights than the name itself.
  const registration = model.owner.registrationAlias?.toLowerCase()
  const registered = version?.aliases?.some((each) => each.toLowerCase() === registration)
  if (registered && protectedAliases(config).has(alias.toLowerCase())) return
  throw new Refusal(
    'read-only',
    `'${model.upstream}' belongs to environment '${model.owner.name}': you may only set a production alias, on a version that still has its registration alias.`,
  )
}

function* checkAlias(context: EvaluationContext, model: OwnedName, alias: string, version: VersionFact | null): Evaluation<void> {
  const { environment, config } = context
  if (model.owner.name !== environment.name) checkPromotion(context, model, alias, version)
  if (managesProduction(environment)) return
  const kept = keptAlias(config, alias)
  if (kept !== null)
    throw new Refusal('stage', `The alias '${kept}' is reserved for production environments. Choose another alias.`)
  const current = yield* ask({ about: 'alias', name: model.upstream, alias })
  if (current !== null && isInProduction(config, current)) throw productionOnly(model.logical, current.version)
}

/** Who may read an alias: its version is not shown to callers who may not use it. */
function* checkAliasRead(context: EvaluationContext, model: OwnedName, alias: string): Evaluation<void> {
  if (managesProduction(context.environment)) return
  const current = yield* ask({ about: 'alias', name: model.upstream, alias })
  if (current !== null && isInProduction(context.config, current)) throw productionOnly(model.logical, current.version)
}

/** Credentials for a version's files in Unity Catalog: to read if the version may be read, to write if it is the caller's own and pending. */
function checkCredentialOperation(context: EvaluationContext, model: OwnedName, version: VersionFact, operation: string): void {
  if (operation === 'MODEL_VERSION_OPERATION_READ') return
  if (operation !== 'MODEL_VERSION_OPERATION_READ_WRITE') {
    throw new Refusal(
      'invalid-parameter',
      'The operation must be MODEL_VERSION_OPERATION_READ or MODEL_VERSION_OPERATION_READ_WRITE.',
    )
  }
  if (model.owner.name !== context.environment.name) {
    throw new Refusal(
      'read-only',
      `'${model.upstream}' belongs to environment '${model.owner.name}': you may read its files, but not write them.`,
    )
  }
  if (version.copying !== true) {
    throw new Refusal('read-only', 'The artifacts of a registered version cannot be changed. Register a new version instead.')
  }
}

/** Whether the answer shows the stage of what was requested, so that the answer is checked. */
export function showsOnlyInAnswer(endpoint: OpenEndpoint): boolean {
  return endpoint.action === 'search' || (reads(endpoint) && tellsStage(endpoint) && endpoint.bytes === undefined)
}

/** What may be done with the version in the request. */
function* checkVersion(context: EvaluationContext, model: OwnedName, version: VersionFact): Evaluation<void> {
  const { endpoint, message } = context
  if (endpoint.action === 'transition') {
    checkTransition(context, model, version)
    yield* notePromotion(context, version)
  }
  const operation = textMeaning(endpoint, message, 'credentialOperation')
  if (operation !== null) checkCredentialOperation(context, model, version, operation)
}

/** The registry's rules on one version, on an alias, and on a whole model that has versions in Production. */
export function* checkVersions(context: EvaluationContext): Evaluation<void> {
  const { endpoint, message, environment, config } = context
  const model = subjectModel(context)
  if (model === null) return
  const version = yield* subjectVersion(context, model)
  // Requesting a transition moves nothing: any valid stage may be requested.
  const stage = textMeaning(endpoint, message, 'stage')
  if (stage !== null) canonicalStage(stage)
  if (version !== null) yield* checkVersion(context, model, version)
  const alias = textMeaning(endpoint, message, 'alias')
  if (alias !== null && reads(endpoint)) yield* checkAliasRead(context, model, alias)
  else if (alias !== null) yield* checkAlias(context, model, alias, version)
  if (endpoint.resource === 'registeredModel' && coversVersions(context) && !managesProduction(environment)) {
    const versions = yield* ask({ about: 'versionsOfModel', name: model.upstream })
    const production = versions.find((fact) => isInProduction(config, fact))
    if (production !== undefined) throw productionOnly(model.logical, production.version)
    noteChange(context, { kind: 'versions', versions, word: 'model' })
  }
  if (endpoint.action === 'delete' && version !== null)
    noteChange(context, { kind: 'versions', versions: [version], word: 'version' })
  context.version = version
}

/** Deleting or renaming a model does it to all of its versions. */
function coversVersions({ endpoint, message }: EvaluationContext): boolean {
  return endpoint.action === 'delete' || textMeaning(endpoint, message, 'newModelName') !== null
}
