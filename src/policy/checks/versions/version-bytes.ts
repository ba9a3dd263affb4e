import { absent, type EvaluationContext } from '../../evaluation-context.ts'
import { ask, type Evaluation, type VersionFact } from '../../fact-query.ts'
import { canonicalPath, placeOf, servedArtifactPath } from '../../locations/store-path.ts'
import { parseModelUri } from '../../names/model-uri.ts'
import { mayRead, ownerOf } from '../../names/names.ts'
import { receives } from '../../promotions/promotion-rule.ts'
import { Refusal } from '../../reasons.ts'
import { readableLoggedModel, readableRun } from '../runs/owned-ids.ts'
import { liesIn } from './sources.ts'

/** The path of a URI in MLflow's own store, which is said with a host or without; undefined for one elsewhere. */
function pathInStore(uri: string): string | undefined {
  const inUrl = servedArtifactPath(uri)
  const path = inUrl === null ? /^mlflow-artifacts:\/(?:\/[^/]+\/)?([^/].*)$/.exec(uri)?.[1] : inUrl.slice(1)
  return path === '' || path?.startsWith('/') ? undefined : path
}

function* liesInOwnStore(context: EvaluationContext, path: string): Evaluation<boolean> {
  const place = placeOf(canonicalPath(path))
  if (place === null || !place.inside) return false
  if (place.runId !== null) {
    return (yield* readableRun(context, place.runId)).run.experimentId === place.experimentId
  }
  if (place.loggedModelId === null) return false
  return (yield* readableLoggedModel(context, place.loggedModelId)).model.experimentId === place.experimentId
}

/** Storage that MLflow opens with its own credentials: of the version's run or logged model, or under the environment's prefixes. */
function* liesInStorage(context: EvaluationContext, version: VersionFact, uri: string): Evaluation<boolean> {
  if (context.environment.sourcePrefixes.some((prefix) => `${uri}/`.startsWith(prefix))) return true
  const source = parseModelUri(version.source)
  if (source?.kind === 'logged') {
    const { model } = yield* readableLoggedModel(context, source.modelId)
    if (liesIn(uri, model.artifactUri)) return true
  }
  return version.runId !== null && liesIn(uri, (yield* readableRun(context, version.runId)).run.artifactUri)
}

/** Whether the version that this one was copied from, and so on back to the original, may all be read: MLflow follows copies to the artifacts. */
function* copiesReadable(context: EvaluationContext, version: VersionFact, hops = 8): Evaluation<boolean> {
  const { config, environment } = context
  const source = parseModelUri(version.source)
  if (source?.kind !== 'registered') return true
  const original = ownerOf(config, 'model', source.name)
  if (original === null || hops === 0) return false
  if (!mayRead(environment, original.owner) && !receives(config, environment, original.owner)) return false
  const word = source.selector.slice(1)
  if (!/^[0-9]+$/.test(word)) return true
  const fact = yield* ask({ about: 'version', name: original.upstream, version: word })
  return fact === null || (yield* copiesReadable(context, fact, hops - 1))
}

/**
 * Where MLflow itself opens the artifacts of a version, what it finds must be the caller's to read: the version says where they are,
 * and may have been made behind the proxy's back.
 */
export function* checkVersionBytes(whole: EvaluationContext): Evaluation<void> {
  const { version } = whole
  if (version === null) return
  // The sources of the version may belong to another environment; only their bytes are shown.
  const context: EvaluationContext = { ...whole, visibleExperiments: new Set() }
  const missing = absent.artifact(String(context.message.get('path') ?? ''))
  if (!(yield* copiesReadable(context, version))) throw missing
  const uri = yield* ask({ about: 'artifactsOfVersion', name: version.name, version: version.version })
  if (uri === null) throw missing
  const path = pathInStore(uri)
  try {
    const readable = path === undefined ? yield* liesInStorage(context, version, uri) : yield* liesInOwnStore(context, path)
    if (!readable) throw missing
  } catch (error) {
    throw error instanceof Refusal ? missing : error
  }
}
