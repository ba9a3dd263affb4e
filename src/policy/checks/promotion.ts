import { type Environment, usesCatalog } from '../environment.ts'
import { type Judgement, managesProduction } from '../judgement.ts'
import { mayRead, ownerOf } from '../names.ts'
import { isInProduction } from '../production.ts'
import { ask, type ExperimentFact, type Inquiry, type LoggedModelFact, type VersionFact } from '../questions.ts'

/**
 * Whether a thing in another environment's experiment is behind one of these versions in a way that lets the caller read it: a version
 * that they may promote says so itself, a version of their own only where they may promote from the thing's environment.
 */
function someUsable(judgement: Judgement, experiment: Environment, versions: readonly VersionFact[]): boolean {
  const { landscape, environment } = judgement
  return versions.some((version) => {
    const owner = ownerOf(landscape, 'model', version.name)?.owner
    if (owner === undefined || !mayRead(environment, owner)) return false
    if (isInProduction(landscape, version) && !managesProduction(environment)) return false
    return owner.name !== environment.name || mayRead(environment, experiment)
  })
}

function ownerOfExperiment({ landscape }: Judgement, experiment: ExperimentFact | undefined): Environment | null {
  return experiment === undefined ? null : (ownerOf(landscape, 'experiment', experiment.name)?.owner ?? null)
}

/** Whether another environment's run is behind a version that the caller may promote or has promoted. */
export function* isBehindRun(judgement: Judgement, experiment: ExperimentFact | undefined, runId: string): Inquiry<boolean> {
  const owner = ownerOfExperiment(judgement, experiment)
  if (owner === null || judgement.environment.promotesFrom.length === 0) return false
  return someUsable(judgement, owner, yield* ask({ about: 'versionsOfRun', runId, fresh: false }))
}

/** Whether another environment's logged model is behind such a version: as its source, or made by the run behind it. */
export function* isBehindLoggedModel(
  judgement: Judgement,
  experiment: ExperimentFact | undefined,
  model: LoggedModelFact,
): Inquiry<boolean> {
  const owner = ownerOfExperiment(judgement, experiment)
  if (owner === null || judgement.environment.promotesFrom.length === 0) return false
  // Unity Catalog finds versions by their name and by their run alone.
  const versions = usesCatalog(judgement.landscape) ? [] : yield* ask({ about: 'versionsOfLoggedModel', id: model.id })
  if (someUsable(judgement, owner, versions)) return true
  if (model.sourceRunId === null) return false
  const run = yield* ask({ about: 'run', id: model.sourceRunId })
  return run?.experimentId === model.experimentId && (yield* isBehindRun(judgement, experiment, model.sourceRunId))
}
