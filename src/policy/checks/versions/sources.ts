import { isInProduction } from '../../environments/production.ts'
import { absent, type EvaluationContext, managesProduction, resolveAllowed } from '../../evaluation-context.ts'
import { ask, type Evaluation, type VersionFact } from '../../fact-query.ts'
import { storedPathOf } from '../../locations/artifact-place.ts'
import { clientDatabricksLocation } from '../../locations/databricks-location.ts'
import { isRemoteFile, plainPath, resolveLocalPath } from '../../locations/local-path.ts'
import { canonicalPath, placeOf } from '../../locations/store-path.ts'
import { textMeaning } from '../../messages/message-fields.ts'
import { isLoggedModelId, isRunId } from '../../names/ids.ts'
import { parseModelUri } from '../../names/model-uri.ts'
import { resolveName } from '../../names/names.ts'
import { Refusal } from '../../reasons.ts'
import { makePrompt } from '../request/tags.ts'
import { readableLoggedModel, readableRun, relatedRun } from '../runs/owned-ids.ts'
import { workspaceSource } from '../workspace/workspace-source.ts'
import { noteNewVersion, notePromotion } from './origins.ts'
import { foreignSource, localSource, remoteFile } from './source-refusals.ts'
import { canonicalStage, productionOnly } from './versions.ts'

/** What MLflow's clients write for the source of a prompt's version, which has none. Newer servers take nothing else. */
export const promptSources: ReadonlySet<string> = new Set(['dummy-source', 'prompt-template'])

function schemeOf(uri: string): string {
  return /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(uri)?.[1] ?? ''
}

function isCanonical(path: string): boolean {
  try {
    return canonicalPath(path) === path
  } catch (error) {
    if (error instanceof Refusal) return false
    throw error
  }
}

/** Refuses a URI that two readers could read differently. */
function checkUnambiguous(uri: string): void {
  const path = uri.replace(/^(?:[A-Za-z][A-Za-z0-9+.-]*:)?\/*/, '')
  const trimmed = path.endsWith('/') ? path.slice(0, -1) : path
  // Readers that take `;` for the beginning of a parameter see a dot segment before it.
  const parameter = /(?:^|\/)\.\.?;/.test(path)
  if (/[?#\\\p{Cc}]/u.test(uri) || uri.trim() !== uri || parameter || !isCanonical(trimmed)) {
    throw new Refusal(
      'invalid-parameter',
      'The URI has dot segments, escapes or characters that could be read in two ways. Write it without them.',
    )
  }
}

function* selectedVersions(context: EvaluationContext, name: string, selector: string): Evaluation<readonly VersionFact[]> {
  // Whether the caller may read it was settled in `checkSourceText`.
  const { upstream } = resolveName(context.config, context.environment, 'model', name)
  const word = selector.slice(1)
  if (selector.startsWith('@')) {
    const fact = yield* ask({ about: 'alias', name: upstream, alias: word })
    if (fact === null) throw absent.alias(word)
    return [fact]
  }
  if (/^[0-9]+$/.test(word)) {
    const fact = yield* ask({ about: 'version', name: upstream, version: word })
    if (fact === null) throw absent.version(name, word)
    return [fact]
  }
  const versions = yield* ask({ about: 'versionsOfModel', name: upstream })
  if (word.toLowerCase() === 'latest') return versions
  const stage = canonicalStage(word)
  return versions.filter((version) => version.stage === stage)
}

/** The run behind a copied version, stored on the copy, so that a change to the run finds the versions made from it. */
function runBehind(version: VersionFact | undefined): string | null {
  if (version === undefined) return null
  return version.runId ?? /^mlflow-artifacts:\/[0-9a-f]+\/([0-9a-f]{32})\//.exec(version.source)?.[1] ?? null
}

function* checkModelUri(context: EvaluationContext, uri: string): Evaluation<string | null> {
  const parsed = parseModelUri(uri)
  if (parsed === null) throw new Refusal('invalid-parameter', "The model URI must have the form 'models:/<name>/<version>'.")
  if (parsed.kind === 'logged') {
    // MLflow would read what follows an id as the version of a registered model of that name.
    if (parsed.rest !== '') throw foreignSource()
    return (yield* readableLoggedModel(context, parsed.modelId)).model.sourceRunId
  }
  const versions = yield* selectedVersions(context, parsed.name, parsed.selector)
  const production = versions.find((version) => isInProduction(context.config, version))
  if (production !== undefined && !managesProduction(context.environment)) throw productionOnly(parsed.name, production.version)
  for (const version of versions) yield* notePromotion(context, version)
  return runBehind(versions[0])
}

/** A location in the artifact store: inside one run or logged model, so that the version's sources are known and can be frozen. */
function* checkStoreUri(context: EvaluationContext, uri: string): Evaluation<string | null> {
  const path = /^mlflow-artifacts:\/([^/].*)$/.exec(uri)?.[1]
  const stored = path === undefined || context.config.kind !== 'databricks' ? null : storedPathOf(canonicalPath(path))
  if (stored?.place.kind === 'dbfs') return yield* checkStorageUri(context, `dbfs:/${stored.path}`)
  const place = path === undefined ? null : placeOf(canonicalPath(path))
  if (place === null || !place.inside) throw foreignSource()
  if (place.runId !== null) {
    const { run } = yield* readableRun(context, place.runId)
    if (run.experimentId !== place.experimentId) throw foreignSource()
    return run.id
  }
  if (place.loggedModelId === null) throw foreignSource()
  const { model } = yield* readableLoggedModel(context, place.loggedModelId)
  if (model.experimentId !== place.experimentId) throw foreignSource()
  return model.sourceRunId
}

/** Whether a location is a root or lies in it; a plain path and its file URI are one place. */
export function liesIn(uri: string, root: string): boolean {
  const plain = (text: string) => (/^\/[^/]/.test(text) ? `file://${text}` : text)
  const outer = plain(root).replace(/\/$/, '')
  return outer !== '' && (plain(uri) === outer || plain(uri).startsWith(`${outer}/`))
}

/** Other storage: files of the named run or logged model, or a prefix that the configuration gives to the environment. */
function* checkStorageUri(context: EvaluationContext, uri: string): Evaluation<string | null> {
  const { endpoint, message, environment } = context
  if (environment.sourcePrefixes.some((prefix) => uri.startsWith(prefix))) return null
  const runId = textMeaning(endpoint, message, 'relatedRun')
  if (runId !== null && isRunId(runId)) {
    const { run } = yield* readableRun(context, runId)
    if (liesIn(uri, run.artifactUri)) return run.id
  }
  const modelId = textMeaning(endpoint, message, 'relatedModel')
  if (modelId !== null && isLoggedModelId(modelId)) {
    const { model } = yield* readableLoggedModel(context, modelId)
    if (liesIn(uri, model.artifactUri)) return model.sourceRunId
  }
  if (isRemoteFile(uri)) throw remoteFile(uri)
  if (!/^(?:file)?$/i.test(schemeOf(uri))) throw foreignSource()
  throw localSource(runId === null ? uri : plainPath(uri))
}

function* checkRunsUri(context: EvaluationContext, uri: string): Evaluation<string | null> {
  const runId = /^runs:\/([A-Za-z0-9_-]+)(\/|$)/.exec(uri)?.[1]
  if (runId === undefined) throw foreignSource()
  yield* relatedRun(context, runId)
  return isRunId(runId) ? runId : null
}

function* runOfSource(context: EvaluationContext, said: string): Evaluation<string | null> {
  // One place has two spellings before a workspace, and clients may mix them: tracking by http beside a registry in Databricks mode.
  const inDbfs = context.config.kind === 'databricks' && /^dbfs:/i.test(said)
  const uri = resolveLocalPath(inDbfs ? clientDatabricksLocation(said) : said)
  const scheme = schemeOf(uri)
  if (scheme === 'models') return yield* checkModelUri(context, uri)
  if (scheme === 'runs') return yield* checkRunsUri(context, uri)
  if (scheme === 'mlflow-artifacts') return yield* checkStoreUri(context, uri)
  // A client of Unity Catalog brings the files itself: a path on its own machine is a note.
  if (context.endpoint.bringsFiles === true && /^(?:file)?$/i.test(scheme)) return null
  if (promptSources.has(uri) && makePrompt(context.message.get('tags'))) return null
  return yield* checkStorageUri(context, uri)
}

/** Static part: the source is written in one way only, of a known kind, and names no model of another environment. */
export function checkSourceText(context: EvaluationContext): void {
  const uri = textMeaning(context.endpoint, context.message, 'versionSource')
  if (uri === null) return
  checkUnambiguous(resolveLocalPath(uri))
  const scheme = schemeOf(uri)
  if (scheme !== scheme.toLowerCase() && /^(models|runs|mlflow-artifacts)$/i.test(scheme)) throw foreignSource()
  if (/^https?$/i.test(scheme)) throw foreignSource()
  const parsed = scheme === 'models' ? parseModelUri(uri) : null
  if (parsed?.kind === 'registered') resolveAllowed(context, 'model', parsed.name, 'read')
}

/**
 * The `source` of a new model version: every way in which it may name something is resolved to an owner.
 * A version that named a run other than its own would hide its sources.
 */
export function* checkVersionSource(context: EvaluationContext): Evaluation<void> {
  const uri = textMeaning(context.endpoint, context.message, 'versionSource')
  if (uri === null) return
  const behind = yield* runOfSource(context, uri)
  const named = textMeaning(context.endpoint, context.message, 'relatedRun')
  if (behind !== null && named !== null && named !== behind) {
    throw new Refusal(
      'invalid-parameter',
      `Invalid model version source: '${uri}'. The run_id request parameter must identify the resource that contains the source. Leave run_id out, or set it to ${behind}.`,
    )
  }
  yield* noteNewVersion(context, { runId: behind ?? named, source: uri })
  context.sourceRunId = behind
  context.sourceLocation = yield* workspaceSource(context, uri)
}

/** The `artifact_location` of a new experiment: left to the server, or under the environment's own prefixes. */
export function checkArtifactLocation(context: EvaluationContext): void {
  const location = textMeaning(context.endpoint, context.message, 'artifactLocation')
  if (location === null) return
  checkUnambiguous(location)
  if (context.environment.sourcePrefixes.some((prefix) => `${location}/`.startsWith(prefix))) return
  throw new Refusal(
    'foreign-source',
    "The artifact location of an experiment must be under the environment's sourcePrefixes. Leave it out to use the server's default.",
  )
}
