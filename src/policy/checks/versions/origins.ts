import { type EvaluationContext, managesProduction } from '../../evaluation-context.ts'
import { ask, type Evaluation, type VersionFact } from '../../fact-query.ts'
import { originKey } from '../../freeze-keys.ts'
import { isLoggedModelId } from '../../names/ids.ts'
import { parseModelUri } from '../../names/model-uri.ts'
import { ownerOf } from '../../names/names.ts'

/** Wherever a source says its run or logged model: in a URI of MLflow's, or as a folder of some storage. */
const ids = /(?:m-)?[0-9a-f]{32}/g

function* noteRun({ promotes }: EvaluationContext, id: string): Evaluation<void> {
  promotes.add(originKey.run(id))
  const run = yield* ask({ about: 'run', id })
  if (run !== null) promotes.add(originKey.experiment(run.experimentId))
}

function* noteThing(context: EvaluationContext, id: string): Evaluation<void> {
  if (!isLoggedModelId(id)) return yield* noteRun(context, id)
  context.promotes.add(originKey.loggedModel(id))
  const model = yield* ask({ about: 'loggedModel', id })
  if (model === null) return
  context.promotes.add(originKey.experiment(model.experimentId))
  if (model.sourceRunId !== null) yield* noteRun(context, model.sourceRunId)
}

/** The version that a copy says it is a copy of, where it names one by its number. */
function* originalOf({ config }: EvaluationContext, source: string): Evaluation<VersionFact | null> {
  const uri = parseModelUri(source)
  const original = uri?.kind === 'registered' ? ownerOf(config, 'model', uri.name) : null
  if (uri?.kind !== 'registered' || original === null) return null
  return yield* ask({ about: 'version', name: original.upstream, version: uri.selector.slice(1) })
}

/** Whatever is said of a version that says what it is made of. */
type Origin = Pick<VersionFact, 'runId' | 'source'>

function* noteOrigin(context: EvaluationContext, { runId, source }: Origin, hops: number): Evaluation<void> {
  for (const id of new Set([...(runId === null ? [] : [runId]), ...(source.match(ids) ?? [])])) yield* noteThing(context, id)
  const original = hops === 0 ? null : yield* originalOf(context, source)
  if (original !== null) yield* noteVersion(context, original, hops - 1)
}

function* noteVersion(context: EvaluationContext, version: VersionFact, hops: number): Evaluation<void> {
  context.promotes.add(originKey.version(version))
  yield* noteOrigin(context, version, hops)
}

/** Copies of copies that are followed. */
const mostHops = 8

/** A Databricks workspace has its own copies. */
function freezes({ environment, config, record }: EvaluationContext): boolean {
  return (managesProduction(environment) || record !== null) && config.kind !== 'databricks'
}

/** Notes a version that the request brings into production, and all that it is made of, so that none of it is changed while that goes on. */
export function* notePromotion(context: EvaluationContext, version: VersionFact): Evaluation<void> {
  if (freezes(context)) yield* noteVersion(context, version, mostHops)
}

/** The same of a version that the request makes. */
export function* noteNewVersion(context: EvaluationContext, origin: Origin): Evaluation<void> {
  if (freezes(context)) yield* noteOrigin(context, origin, mostHops)
}
