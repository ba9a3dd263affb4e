import { type Judgement, managesProduction } from '../../evaluation-context.ts'
import { ask, type Inquiry, type VersionFact } from '../../fact-query.ts'
import { originKey } from '../../freeze-keys.ts'
import { isLoggedModelId } from '../../names/ids.ts'
import { parseModelUri } from '../../names/model-uri.ts'
import { ownerOf } from '../../names/names.ts'

/** Wherever a source says its run or logged model: in a URI of MLflow's, or as a folder of some storage. */
const ids = /(?:m-)?[0-9a-f]{32}/g

function* noteRun({ promotes }: Judgement, id: string): Inquiry<void> {
  promotes.add(originKey.run(id))
  const run = yield* ask({ about: 'run', id })
  if (run !== null) promotes.add(originKey.experiment(run.experimentId))
}

function* noteThing(judgement: Judgement, id: string): Inquiry<void> {
  if (!isLoggedModelId(id)) return yield* noteRun(judgement, id)
  judgement.promotes.add(originKey.loggedModel(id))
  const model = yield* ask({ about: 'loggedModel', id })
  if (model === null) return
  judgement.promotes.add(originKey.experiment(model.experimentId))
  if (model.sourceRunId !== null) yield* noteRun(judgement, model.sourceRunId)
}

/** The version that a copy says it is a copy of, where it names one by its number. */
function* originalOf({ landscape }: Judgement, source: string): Inquiry<VersionFact | null> {
  const uri = parseModelUri(source)
  const original = uri?.kind === 'registered' ? ownerOf(landscape, 'model', uri.name) : null
  if (uri?.kind !== 'registered' || original === null) return null
  return yield* ask({ about: 'version', name: original.upstream, version: uri.selector.slice(1) })
}

/** Whatever is said of a version that says what it is made of. */
type Origin = Pick<VersionFact, 'runId' | 'source'>

function* noteOrigin(judgement: Judgement, { runId, source }: Origin, hops: number): Inquiry<void> {
  for (const id of new Set([...(runId === null ? [] : [runId]), ...(source.match(ids) ?? [])])) yield* noteThing(judgement, id)
  const original = hops === 0 ? null : yield* originalOf(judgement, source)
  if (original !== null) yield* noteVersion(judgement, original, hops - 1)
}

function* noteVersion(judgement: Judgement, version: VersionFact, hops: number): Inquiry<void> {
  judgement.promotes.add(originKey.version(version))
  yield* noteOrigin(judgement, version, hops)
}

/** Copies of copies that are followed. */
const mostHops = 8

/** A Databricks workspace has copies of its own. */
function freezes({ environment, landscape }: Judgement): boolean {
  return managesProduction(environment) && landscape.kind !== 'databricks'
}

/** Notes a version that the request brings into production, and all that it is made of, so that none of it is changed while that goes on. */
export function* notePromotion(judgement: Judgement, version: VersionFact): Inquiry<void> {
  if (freezes(judgement)) yield* noteVersion(judgement, version, mostHops)
}

/** The same of a version that the request makes. */
export function* noteNewVersion(judgement: Judgement, origin: Origin): Inquiry<void> {
  if (freezes(judgement)) yield* noteOrigin(judgement, origin, mostHops)
}
