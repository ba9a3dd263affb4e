import { type Environment, usesCatalog } from '../../environments/environment.ts'
import { isInProduction } from '../../environments/production.ts'
import { type EvaluationContext, managesProduction } from '../../evaluation-context.ts'
import { ask, type Evaluation, type ExperimentFact, type LoggedModelFact, type VersionFact } from '../../fact-query.ts'
import { mayRead, ownerOf } from '../../names/names.ts'
import { receives, receivesAny } from '../../promotions/promotion-rule.ts'

/**
 * Whether a thing in another environment's experiment is behind one of these versions in a way that lets the caller read it: a version
 * that they may promote says so itself, a version of their own only where they may promote from the thing's environment.
 */
function someUsable(context: EvaluationContext, experiment: Environment, versions: readonly VersionFact[]): boolean {
  const { config, environment } = context
  return versions.some((version) => {
    const owner = ownerOf(config, 'model', version.name)?.owner
    if (owner === undefined || !mayRead(environment, owner)) return false
    if (isInProduction(config, version) && !managesProduction(environment)) return false
    return owner.name !== environment.name || mayRead(environment, experiment) || receives(config, environment, experiment)
  })
}

function ownerOfExperiment({ config }: EvaluationContext, experiment: ExperimentFact | undefined): Environment | null {
  return experiment === undefined ? null : (ownerOf(config, 'experiment', experiment.name)?.owner ?? null)
}

/** Whether no version of another environment, and none of the caller's own, is made of another environment's things. */
function keepsApart({ config, environment }: EvaluationContext): boolean {
  return environment.promotesFrom.length === 0 && !receivesAny(config, environment)
}

/** A run that nobody has: it is asked about in the place of the run that something absent was not made by. */
const standInRun = '0'.repeat(32)

/**
 * Whether another environment's run is behind a version that the caller may promote or has promoted. What is asked about one that is
 * absent, or of an environment whose versions they may not promote, is the same: it cannot be told by the time that takes.
 */
export function* isBehindRun(
  context: EvaluationContext,
  experiment: ExperimentFact | undefined,
  runId: string,
): Evaluation<boolean> {
  if (keepsApart(context)) return false
  const versions = yield* ask({ about: 'versionsOfRun', runId, fresh: false })
  const owner = ownerOfExperiment(context, experiment)
  return owner !== null && someUsable(context, owner, versions)
}

/** The same of the run that a thing in an experiment says it was made by: one of another experiment shows nothing. */
export function* isBehindMaker(
  context: EvaluationContext,
  experiment: ExperimentFact | undefined,
  sourceRunId: string | null,
): Evaluation<boolean> {
  if (keepsApart(context)) return false
  const run = yield* ask({ about: 'run', id: sourceRunId ?? standInRun })
  const behind = yield* isBehindRun(context, experiment, sourceRunId ?? standInRun)
  return behind && run !== null && run.experimentId === experiment?.id
}

/** Whether another environment's logged model is behind such a version: as its source, or made by the run behind it. Absent: null. */
export function* isBehindLoggedModel(
  context: EvaluationContext,
  experiment: ExperimentFact | undefined,
  id: string,
  model: LoggedModelFact | null,
): Evaluation<boolean> {
  if (keepsApart(context)) return false
  // Unity Catalog finds versions by their name and by their run alone.
  const versions = usesCatalog(context.config) ? [] : yield* ask({ about: 'versionsOfLoggedModel', id })
  const owner = ownerOfExperiment(context, experiment)
  if (owner !== null && someUsable(context, owner, versions)) return true
  return yield* isBehindMaker(context, experiment, model?.sourceRunId ?? null)
}
