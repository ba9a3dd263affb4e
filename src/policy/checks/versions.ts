import { type Stage, stages } from '../environment.ts'
import { absent, type Judgement, managesProduction, reads, subjectModel } from '../judgement.ts'
import { textMeaning } from '../message-fields.ts'
import type { OwnedName } from '../names.ts'
import { ask, type Inquiry, type VersionFact } from '../questions.ts'
import { Refusal } from '../reasons.ts'

/** The stage in the server's spelling, however the caller wrote it. Throws `invalid-parameter` for a stage that MLflow lacks. */
export function canonicalStage(text: string): Stage {
  const stage = stages.find((known) => known.toLowerCase() === text.toLowerCase())
  if (stage !== undefined) return stage
  throw new Refusal('invalid-parameter', `Invalid Model Version stage: it must be one of ${stages.join(', ')}.`)
}

/** The refusal of anything to do with a version in Production, for callers who may not manage those. */
export function productionOnly(name: string, version: string): Refusal {
  return new Refusal(
    'production-version',
    `Version ${version} of model '${name}' is in stage Production, which only callers of a production environment may use. Work with another version.`,
  )
}

/** Looks up the version that the request is about, and refuses one in Production to those who may not manage it. */
function* subjectVersion(judgement: Judgement, model: OwnedName): Inquiry<VersionFact | null> {
  const version = textMeaning(judgement.endpoint, judgement.message, 'version')
  if (version === null) return null
  const said = textMeaning(judgement.endpoint, judgement.message, 'modelName') ?? model.logical
  const fact = yield* ask({ about: 'version', name: model.upstream, version })
  if (fact === null) throw absent.version(said, version)
  if (fact.stage === 'Production' && !managesProduction(judgement.environment)) throw productionOnly(said, version)
  return fact
}

/** Who may move which version into which stage (design §6). */
function checkTransition(judgement: Judgement, model: OwnedName, version: VersionFact): void {
  const { environment, message, endpoint } = judgement
  const target = canonicalStage(textMeaning(endpoint, message, 'stage') ?? '')
  if (target === 'Production' && !managesProduction(environment)) {
    throw new Refusal(
      'stage',
      `Environment '${environment.name}' may not move versions to Production. Ask a production environment to promote this version.`,
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

/** Answers that show something of a version and not in which stage it is: the stage has to be looked up. */
const withoutStage: ReadonlySet<string> = new Set([
  'mlflow.GetModelVersionDownloadUri.Response',
  'databricks.ListTransitionRequestsResponse',
  'databricks.ListVersionArtifactsResponse',
  'databricks.GetSignedDownloadUriResponse',
])

function* checkAlias(judgement: Judgement, model: OwnedName, alias: string): Inquiry<void> {
  if (managesProduction(judgement.environment)) return
  if (alias.normalize('NFKC').trim().toLowerCase() === 'production') {
    throw new Refusal('stage', "The alias 'production' is kept for production environments. Choose another alias.")
  }
  const current = yield* ask({ about: 'alias', name: model.upstream, alias })
  if (current?.stage === 'Production') throw productionOnly(model.logical, current.version)
}

/** The registry's rules on one version, on an alias, and on a whole model that has versions in Production. */
export function* checkVersions(judgement: Judgement): Inquiry<VersionFact | null> {
  const { endpoint, message, environment } = judgement
  const model = subjectModel(judgement)
  if (model === null || endpoint.action === 'search') return null
  const alias = textMeaning(endpoint, message, 'alias')
  const onlyInAnswer = reads(endpoint) && !withoutStage.has(endpoint.response) && endpoint.bytes === undefined
  if (onlyInAnswer) return null
  const version = yield* subjectVersion(judgement, model)
  // Asking for a stage moves nothing: any stage may be asked for, but it must be one.
  const stage = textMeaning(endpoint, message, 'stage')
  if (stage !== null) canonicalStage(stage)
  if (endpoint.action === 'transition' && version !== null) checkTransition(judgement, model, version)
  if (alias !== null) yield* checkAlias(judgement, model, alias)
  if (endpoint.resource === 'registeredModel' && coversVersions(judgement) && !managesProduction(environment)) {
    const versions = yield* ask({ about: 'versionsOfModel', name: model.upstream })
    const production = versions.find((fact) => fact.stage === 'Production')
    if (production !== undefined) throw productionOnly(model.logical, production.version)
  }
  return version
}

/** Deleting or renaming a model does it to all of its versions. */
function coversVersions({ endpoint, message }: Judgement): boolean {
  return endpoint.action === 'delete' || textMeaning(endpoint, message, 'newModelName') !== null
}
