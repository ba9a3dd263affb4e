import { noProjects } from '../../endpoints/rows/databricks-closed.ts'
import { usesCatalog } from '../../environments/environment.ts'
import { absent, type EvaluationContext, reads } from '../../evaluation-context.ts'
import { ask, type Evaluation } from '../../fact-query.ts'
import { canonicalPath, placeOf, type StorePlace } from '../../locations/store-path.ts'
import { uploadedFileName } from '../../locations/uploaded-file.ts'
import { workspaceStorePath } from '../../locations/workspace-file.ts'
import { placesMeaning, textsOf } from '../../messages/message-fields.ts'
import { notThereYet } from '../../names/ids.ts'
import { noMultipart, Refusal } from '../../reasons.ts'
import { ownExperiment, readableLoggedModel, readableRun, upstreamExperimentId } from '../runs/owned-ids.ts'
import { ownTrace, readableTrace } from '../traces/trace-ids.ts'
import { noteChange } from '../versions/freeze.ts'
import { checkWorkspacePath } from './workspace-paths.ts'

/** The store path upstream: as MLflow will read it, with the caller's experiment `0` made the environment's own. */
export function upstreamStorePath(path: string, defaultExperimentId: string): string {
  const canonical = canonicalPath(path)
  const [first = '', ...rest] = canonical.split('/')
  return [upstreamExperimentId(first, defaultExperimentId), ...rest].join('/')
}

function* checkReadable(context: EvaluationContext, place: StorePlace, path: string): Evaluation<void> {
  if (place.runId !== null) yield* readableRun(context, place.runId)
  else if (place.loggedModelId !== null) yield* readableLoggedModel(context, place.loggedModelId)
  else if (place.traceId !== null) yield* readableTrace(context, place.traceId)
  else yield* ownExperiment(context, place.experimentId)
  if (!context.visibleExperiments.has(place.experimentId)) throw absent.artifact(path)
}

function* checkChangeable(context: EvaluationContext, place: StorePlace, path: string): Evaluation<void> {
  yield* ownExperiment(context, place.experimentId)
  if (!place.inside) {
    throw new Refusal('read-only', 'Only artifacts of a run, a logged model or a trace can be changed.')
  }
  if (place.runId !== null) {
    const run = yield* ask({ about: 'run', id: place.runId })
    if (run?.experimentId !== place.experimentId) throw absent.artifact(path)
    noteChange(context, { kind: 'run', id: place.runId, fresh: true })
  }
  if (place.loggedModelId !== null) {
    const model = yield* ask({ about: 'loggedModel', id: place.loggedModelId })
    if (model?.experimentId !== place.experimentId) throw absent.artifact(path)
    noteChange(context, { kind: 'loggedModel', model, fresh: true })
  }
  if (place.traceId !== null) yield* ownTrace(context, place.traceId)
}

/** A path in the artifact store: it lies in an experiment of the caller, and the root of the store belongs to nobody. */
function* checkStorePath(context: EvaluationContext, path: string): Evaluation<void> {
  const upstream = upstreamStorePath(path, context.defaultExperimentId)
  if (canonicalPath(path).startsWith(notThereYet)) throw absent.artifact(path)
  // Databricks keeps more than experiments' artifacts, and less of what lies above them.
  if (context.config.kind === 'databricks' && (yield* checkWorkspacePath(context, path, upstream)) === 'judged') return
  const place = placeOf(upstream)
  if (place === null) {
    const { placeless } = context.endpoint
    throw placeless === undefined ? absent.artifact(path) : new Refusal(placeless, noMultipart)
  }
  const hide = (error: unknown) => (error instanceof Refusal && error.reason === 'not-found' ? absent.artifact(path) : error)
  try {
    if (reads(context.endpoint)) yield* checkReadable(context, place, path)
    else yield* checkChangeable(context, place, path)
  } catch (error) {
    throw hide(error)
  }
  context.references.push({ kind: 'artifact', logical: path, upstream })
}

/** Only these of the workspace's files are served. Not 404: clients would treat it as an empty folder and stop there. */
function otherFile(path: string): Refusal {
  // With such a path `mlflow run -b databricks` begins.
  if (/^\/?(?:dbfs\/)?mlflow-experiments\/[0-9a-f]+\/projects-code\//.test(path))
    return new Refusal('closed-endpoint', noProjects)
  return new Refusal(
    'closed-endpoint',
    "This proxy serves only some of the workspace's files: the artifacts of your own runs and logged models, and files under your environment's sourcePrefixes.",
  )
}

/** Static part: paths of the workspace's files, as the store has them. */
function checkWorkspaceFiles({ endpoint, message, config }: EvaluationContext): void {
  for (const { selector, value } of placesMeaning(endpoint, message, 'workspaceFile', 'dbfsPath')) {
    const path = typeof value === 'string' ? workspaceStorePath(endpoint, selector, value, usesCatalog(config)) : null
    if (path === null) throw otherFile(typeof value === 'string' ? value : '')
    canonicalPath(path)
  }
  if ('overwrite' in endpoint.fields && message.get('overwrite') !== true) {
    throw new Refusal('invalid-parameter', 'The file exists and would be overwritten. Send overwrite=true.')
  }
}

function* checkWorkspaceFile(context: EvaluationContext, path: string): Evaluation<void> {
  try {
    yield* checkStorePath(context, path)
  } catch (error) {
    throw error instanceof Refusal && error.reason === 'not-found' ? otherFile(path) : error
  }
}

/** Bytes that file systems take for a name: beyond it MLflow's server fails with a 500. Databricks' names are escaped, and longer. */
const longestSegment = 255
const utf8 = new TextEncoder()

function checkSegments({ config: { kind = 'mlflow' } }: EvaluationContext, canonical: string): void {
  if (kind !== 'mlflow' || canonical.split('/').every((part) => utf8.encode(part).length <= longestSegment)) return
  throw new Refusal('invalid-parameter', `Invalid path: a part of it between slashes is longer than ${longestSegment} bytes.`)
}

/** Static part: every artifact path is canonical, so that the checked path is the one that MLflow opens. */
export function checkPaths(context: EvaluationContext): void {
  const { endpoint, message } = context
  checkWorkspaceFiles(context)
  for (const { value } of placesMeaning(endpoint, message, 'relativePath', 'storePath', 'storeFolder')) {
    if (typeof value === 'string') checkSegments(context, canonicalPath(value))
  }
  for (const { value } of placesMeaning(endpoint, message, 'localFile')) {
    if (typeof value === 'string') checkSegments(context, uploadedFileName(value))
  }
  for (const { value } of placesMeaning(endpoint, message, 'filePath')) {
    // A URL that is signed for a folder opens all that lies in it.
    if (textsOf(value).some((path) => canonicalPath(path) === '' || path.endsWith('/'))) {
      throw new Refusal('invalid-parameter', 'Invalid path: name a file.')
    }
  }
}

/** Store paths of the request, resolved to their owner. */
export function* checkStorePaths(context: EvaluationContext): Evaluation<void> {
  const { endpoint, message, config } = context
  if (Object.values(endpoint.fields).includes('storeFolder') && !message.get('path')) {
    throw new Refusal('read-only', 'The root of the artifact store belongs to nobody. List the artifacts of a run instead.')
  }
  for (const { value } of placesMeaning(endpoint, message, 'storePath', 'storeFolder')) {
    if (typeof value === 'string') yield* checkStorePath(context, value)
  }
  for (const { selector, value } of placesMeaning(endpoint, message, 'workspaceFile', 'dbfsPath')) {
    const path = typeof value === 'string' ? workspaceStorePath(endpoint, selector, value, usesCatalog(config)) : null
    if (path !== null) yield* checkWorkspaceFile(context, path)
  }
}
