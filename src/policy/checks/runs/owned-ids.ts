import { absent, type EvaluationContext, reads } from '../../evaluation-context.ts'
import { ask, type Evaluation, type ExperimentFact, type LoggedModelFact, type RunFact } from '../../fact-query.ts'
import { mayNameOwn, searchedExperiments } from '../../locations/experiment-locations.ts'
import { isLoggedModelId, isRunId, notThereYet, resemblesHexId } from '../../names/ids.ts'
import { defaultExperiment, ownStored, storedPattern } from '../../names/names.ts'
import { Refusal } from '../../reasons.ts'
import { isBehindLoggedModel, isBehindRun } from '../versions/promotion.ts'

/** Whether an experiment is one of the caller's own environment. */
export function isOwn(context: Pick<EvaluationContext, 'config' | 'environment'>, fact: ExperimentFact | undefined): boolean {
  return fact !== undefined && ownStored(context, 'experiment', fact.name) !== null
}

/** The upstream id that the caller's experiment id means: their `0` is their environment's default experiment. */
export function upstreamExperimentId(id: string, defaultExperimentId: string): string {
  return id === '0' ? defaultExperimentId : id
}

/** Experiments that are asked about in the place of one that nothing absent has: MLflow's own `Default` is no environment's. */
export const standIn = '0'

/**
 * The experiment that a thing is in. One that is absent (`null`) has none, and the question is asked all the same: how much MLflow is
 * asked, and how long that takes, must not tell it from another environment's.
 */
function* experimentOf(id: string | null): Evaluation<ExperimentFact | undefined> {
  const facts = yield* ask({ about: 'experiments', ids: [id ?? standIn] })
  return id === null ? undefined : facts.get(id)
}

/** Facts of experiments by their upstream ids. The default experiment is the environment's own also while it is not there yet. */
function* factsOf({ environment }: EvaluationContext, ids: readonly string[]): Evaluation<ReadonlyMap<string, ExperimentFact>> {
  const facts = yield* ask({ about: 'experiments', ids: ids.filter((id) => id !== notThereYet) })
  if (!ids.includes(notThereYet)) return facts
  return new Map([...facts, [notThereYet, { id: notThereYet, name: defaultExperiment(environment) }]])
}

/** As `absent.experiment`; a caller who writes to it, or has only its id, may have got it from a job or notebook outside the environment. */
function absentExperiment({ endpoint, environment }: EvaluationContext, id: string): Refusal {
  const plain = absent.experiment(id)
  const isAsked = endpoint.resource === 'experiment' && endpoint.action === 'read'
  if (endpoint.action !== 'create' && !isAsked) return plain
  return new Refusal(
    'not-found',
    `${plain.message} in environment '${environment.name}'. If the id comes from MLFLOW_EXPERIMENT_ID or from a notebook, select an experiment of the environment instead: MLFLOW_EXPERIMENT_NAME, or mlflow.set_experiment().`,
  )
}

/** An experiment of the caller's own environment; any other is reported as nonexistent. */
export function* ownExperiment(context: EvaluationContext, id: string): Evaluation<ExperimentFact> {
  const upstream = upstreamExperimentId(id, context.defaultExperimentId)
  const facts = yield* factsOf(context, [upstream])
  const fact = facts.get(upstream)
  if (fact === undefined || !isOwn(context, fact)) throw absentExperiment(context, id)
  context.visibleExperiments.add(upstream)
  context.references.push({ kind: 'experiment', logical: id, upstream })
  return fact
}

/** A search that names no experiment is for all of the environment's, as long as a request can name them. */
function* ownExperiments(context: EvaluationContext): Evaluation<void> {
  const { endpoint, config, environment, visibleExperiments, defaultExperimentId } = context
  if (!mayNameOwn(endpoint)) return
  const pattern = storedPattern(config, 'experiment', environment, '%')
  const facts = yield* ask({ about: 'experimentsNamed', pattern })
  if (facts === null) return
  // As long as it is not there, nothing is in it.
  if (defaultExperimentId !== notThereYet) visibleExperiments.add(defaultExperimentId)
  for (const fact of facts) if (isOwn(context, fact)) visibleExperiments.add(fact.id)
}

/** Adds the searched experiments that are the caller's own; foreign ones and absent ones alike are passed over. */
export function* checkSearchedExperiments(context: EvaluationContext): Evaluation<void> {
  const { endpoint, message, defaultExperimentId } = context
  const ids = searchedExperiments(endpoint, message)
  const upstream = [...new Set(ids.map((id) => upstreamExperimentId(id, defaultExperimentId)))]
  if (upstream.length === 0) return yield* ownExperiments(context)
  const facts = yield* factsOf(context, upstream)
  for (const id of upstream) {
    const { visibleExperiments, passedOver } = context
    if (isOwn(context, facts.get(id))) visibleExperiments.add(id)
    else passedOver.add(id)
  }
}

/** A run that the caller may read (their own, or one behind a version they may promote), else absent. */
export function* readableRun(context: EvaluationContext, id: string): Evaluation<{ run: RunFact; own: boolean }> {
  if (!isRunId(id)) throw absent.run(id)
  const run = yield* ask({ about: 'run', id })
  const experiment = yield* experimentOf(run?.experimentId ?? null)
  const own = isOwn(context, experiment)
  const readable = own || (yield* isBehindRun(context, experiment, id))
  if (run === null || !readable) throw absent.run(id)
  context.visibleExperiments.add(run.experimentId)
  return { run, own }
}

/** A run that the request does something to: the caller's own, or, for reading, one behind a version they may promote. */
export function* subjectRun(context: EvaluationContext, id: string): Evaluation<RunFact> {
  const { run, own } = yield* readableRun(context, id)
  if (!own && !reads(context.endpoint)) throw absent.run(id)
  return run
}

/** A logged model that the caller may read, else absent. */
export function* readableLoggedModel(
  context: EvaluationContext,
  id: string,
): Evaluation<{ model: LoggedModelFact; own: boolean }> {
  if (!isLoggedModelId(id)) throw absent.loggedModel(id)
  const model = yield* ask({ about: 'loggedModel', id })
  const experiment = yield* experimentOf(model?.experimentId ?? null)
  const own = isOwn(context, experiment)
  const readable = own || (yield* isBehindLoggedModel(context, experiment, id, model))
  if (model === null || !readable) throw absent.loggedModel(id)
  context.visibleExperiments.add(model.experimentId)
  return { model, own }
}

/** A logged model that the request does something to. */
export function* subjectLoggedModel(context: EvaluationContext, id: string): Evaluation<LoggedModelFact> {
  const { model, own } = yield* readableLoggedModel(context, id)
  if (!own && !reads(context.endpoint)) throw absent.loggedModel(id)
  return model
}

/** A run that is only pointed at. Text that cannot be a run id names nothing and passes. */
export function* relatedRun(context: EvaluationContext, text: string): Evaluation<void> {
  if (isRunId(text)) yield* readableRun(context, text)
  else if (resemblesHexId(text)) throw new Refusal('invalid-parameter', 'A run id must be 32 lower-case hexadecimal digits.')
}

/** A logged model that is only pointed at. Text that cannot be a model id names nothing and passes. */
export function* relatedLoggedModel(context: EvaluationContext, text: string): Evaluation<void> {
  if (isLoggedModelId(text)) yield* readableLoggedModel(context, text)
  else if (resemblesHexId(text)) {
    throw new Refusal('invalid-parameter', "The id of a logged model must be 'm-' and 32 lower-case hexadecimal digits.")
  }
}
