import { absent, type Judgement, managesProduction, resolveAllowed } from '../judgement.ts'
import { textMeaning } from '../message-fields.ts'
import { parseModelUri } from '../model-uri.ts'
import { ask, type Inquiry, type VersionFact } from '../questions.ts'
import { Refusal } from '../reasons.ts'
import { canonicalPath, placeOf } from '../store-path.ts'
import { ownExperiment, readableLoggedModel, readableRun, relatedRun } from './ids.ts'
import { canonicalStage, productionOnly } from './versions.ts'

function foreignSource(): Refusal {
  return new Refusal(
    'foreign-source',
    "The source of a model version must lie in your own environment: name a run, a logged model or a model version of it, or a storage URI under the environment's sourcePrefixes.",
  )
}

/** Refuses a URI that two readers could read differently. */
function checkUnambiguous(uri: string): void {
  const [, path = ''] = /^[A-Za-z][A-Za-z0-9+.-]*:\/*(.*)$/s.exec(uri) ?? []
  const trimmed = path.endsWith('/') ? path.slice(0, -1) : path
  if (/[?#\\\p{Cc}]/u.test(uri) || uri.trim() !== uri || canonicalPath(trimmed) !== trimmed) {
    throw new Refusal('invalid-parameter', 'The URI has dot segments, escapes or characters that could be read in two ways. Write it plainly.')
  }
}

function* selectedVersions(judgement: Judgement, name: string, selector: string): Inquiry<readonly VersionFact[]> {
  const { upstream } = resolveAllowed(judgement, 'model', name, 'read')
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

/** The run behind a copied version: noted on the copy, so that whoever changes the run finds out what is made of it. */
function runBehind(version: VersionFact | undefined): string | null {
  if (version === undefined) return null
  return version.runId ?? /^mlflow-artifacts:\/[0-9]+\/([0-9a-f]{32})\//.exec(version.source)?.[1] ?? null
}

function* checkModelUri(judgement: Judgement, uri: string): Inquiry<string | null> {
  const parsed = parseModelUri(uri)
  if (parsed === null) throw new Refusal('invalid-parameter', "The model URI is not of the form 'models:/<name>/<version>'.")
  if (parsed.kind === 'logged') return (yield* readableLoggedModel(judgement, parsed.modelId)).model.sourceRunId
  const versions = yield* selectedVersions(judgement, parsed.name, parsed.selector)
  const production = versions.find((version) => version.stage === 'Production')
  if (production !== undefined && !managesProduction(judgement.environment)) throw productionOnly(parsed.name, production.version)
  return runBehind(versions[0])
}

function* checkStoreUri(judgement: Judgement, uri: string, defaultExperimentId: string): Inquiry<void> {
  const path = /^mlflow-artifacts:\/([^/].*)$/.exec(uri)?.[1]
  const place = path === undefined ? null : placeOf(canonicalPath(path))
  if (place === null) throw foreignSource()
  if (place.runId !== null) yield* readableRun(judgement, place.runId)
  else if (place.loggedModelId !== null) yield* readableLoggedModel(judgement, place.loggedModelId)
  else yield* ownExperiment(judgement, place.experimentId, defaultExperimentId)
  if (!judgement.visibleExperiments.has(place.experimentId)) throw foreignSource()
}

/** Storage of other kinds: what the named run itself has, or what the configuration gives the environment. */
function* checkStorageUri(judgement: Judgement, uri: string): Inquiry<void> {
  if (judgement.environment.sourcePrefixes.some((prefix) => uri.startsWith(prefix))) return
  const runId = textMeaning(judgement.endpoint, judgement.message, 'relatedRun')
  if (runId !== null && /^[0-9a-f]{32}$/.test(runId)) {
    const { run } = yield* readableRun(judgement, runId)
    if (uri.startsWith(`${run.artifactUri}/`)) return
  }
  throw foreignSource()
}

/**
 * The `source` of a new model version: every way in which it may name something is resolved to an owner.
 * Gives the run behind a copied version or registered logged model, or null.
 */
export function* checkVersionSource(judgement: Judgement, uri: string, defaultExperimentId: string): Inquiry<string | null> {
  checkUnambiguous(uri)
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(uri)?.[1] ?? ''
  if (scheme === 'models') return yield* checkModelUri(judgement, uri)
  if (scheme === 'runs') {
    const runId = /^runs:\/([A-Za-z0-9_-]+)(\/|$)/.exec(uri)?.[1]
    if (runId === undefined) throw foreignSource()
    yield* relatedRun(judgement, runId)
  } else if (scheme === 'mlflow-artifacts') yield* checkStoreUri(judgement, uri, defaultExperimentId)
  else if (/^(models|runs|mlflow-artifacts|https?)$/i.test(scheme)) throw foreignSource()
  else yield* checkStorageUri(judgement, uri)
  return null
}

/** The `artifact_location` of a new experiment: left to the server, or under the environment's own prefixes. */
export function checkArtifactLocation(judgement: Judgement): void {
  const location = textMeaning(judgement.endpoint, judgement.message, 'artifactLocation')
  if (location === null) return
  checkUnambiguous(location)
  if (judgement.environment.sourcePrefixes.some((prefix) => `${location}/`.startsWith(prefix))) return
  throw new Refusal(
    'foreign-source',
    "An experiment's artifact location must lie under the environment's sourcePrefixes. Leave it out to use the server's own.",
  )
}
