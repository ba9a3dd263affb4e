import { isLoggedModelId, isRunId, resemblesHexId } from '../ids.ts'
import { absent, type Judgement, reads } from '../judgement.ts'
import { searchedExperiments } from '../locations.ts'
import { ownStored } from '../names.ts'
import { ask, type ExperimentFact, type Inquiry, type LoggedModelFact, type RunFact } from '../questions.ts'
import { Refusal } from '../reasons.ts'
import { isBehindLoggedModel, isBehindRun } from './promotion.ts'

/** Whether an experiment is one of the caller's own environment. */
export function isOwn(judgement: Pick<Judgement, 'landscape' | 'environment'>, fact: ExperimentFact | undefined): boolean {
  return fact !== undefined && ownStored(judgement, 'experiment', fact.name) !== null
}

/** The upstream id that the caller's experiment id means: their `0` is their environment's default experiment. */
export function upstreamExperimentId(id: string, defaultExperimentId: string): string {
  return id === '0' ? defaultExperimentId : id
}

/** An experiment of the caller's own environment; any other answers as if it did not exist. */
export function* ownExperiment(judgement: Judgement, id: string, defaultExperimentId: string): Inquiry<ExperimentFact> {
  const upstream = upstreamExperimentId(id, defaultExperimentId)
  const facts = yield* ask({ about: 'experiments', ids: [upstream] })
  const fact = facts.get(upstream)
  if (fact === undefined || !isOwn(judgement, fact)) throw absent.experiment(id)
  judgement.visibleExperiments.add(upstream)
  judgement.references.push({ kind: 'experiment', logical: id, upstream })
  return fact
}

/** Adds the searched experiments that are the caller's own; foreign ones and absent ones alike are passed over. */
export function* searchableExperiments(judgement: Judgement, defaultExperimentId: string): Inquiry<void> {
  const { endpoint, message } = judgement
  const ids = searchedExperiments(endpoint, message)
  const upstream = [...new Set(ids.map((id) => upstreamExperimentId(id, defaultExperimentId)))]
  if (upstream.length === 0) return
  const facts = yield* ask({ about: 'experiments', ids: upstream })
  for (const id of upstream) if (isOwn(judgement, facts.get(id))) judgement.visibleExperiments.add(id)
}

/** A run that the caller may read (their own, or one behind a version they may promote), else absent. */
export function* readableRun(judgement: Judgement, id: string): Inquiry<{ run: RunFact; own: boolean }> {
  if (!isRunId(id)) throw absent.run(id)
  const run = yield* ask({ about: 'run', id })
  if (run === null) throw absent.run(id)
  const facts = yield* ask({ about: 'experiments', ids: [run.experimentId] })
  const own = isOwn(judgement, facts.get(run.experimentId))
  if (!own && !(yield* isBehindRun(judgement, facts.get(run.experimentId), id))) throw absent.run(id)
  judgement.visibleExperiments.add(run.experimentId)
  return { run, own }
}

/** A run that the request does something to: the caller's own, or, for reading, one behind a version they may promote. */
export function* subjectRun(judgement: Judgement, id: string): Inquiry<RunFact> {
  const { run, own } = yield* readableRun(judgement, id)
  if (!own && !reads(judgement.endpoint)) throw absent.run(id)
  return run
}

/** A logged model that the caller may read, else absent. */
export function* readableLoggedModel(judgement: Judgement, id: string): Inquiry<{ model: LoggedModelFact; own: boolean }> {
  if (!isLoggedModelId(id)) throw absent.loggedModel(id)
  const model = yield* ask({ about: 'loggedModel', id })
  if (model === null) throw absent.loggedModel(id)
  const facts = yield* ask({ about: 'experiments', ids: [model.experimentId] })
  const own = isOwn(judgement, facts.get(model.experimentId))
  if (!own && !(yield* isBehindLoggedModel(judgement, facts.get(model.experimentId), model))) throw absent.loggedModel(id)
  judgement.visibleExperiments.add(model.experimentId)
  return { model, own }
}

/** A logged model that the request does something to. */
export function* subjectLoggedModel(judgement: Judgement, id: string): Inquiry<LoggedModelFact> {
  const { model, own } = yield* readableLoggedModel(judgement, id)
  if (!own && !reads(judgement.endpoint)) throw absent.loggedModel(id)
  return model
}

/** A run that is only pointed at. Text that cannot be a run id names nothing and passes. */
export function* relatedRun(judgement: Judgement, text: string): Inquiry<void> {
  if (isRunId(text)) yield* readableRun(judgement, text)
  else if (resemblesHexId(text)) throw new Refusal('invalid-parameter', 'A run id is 32 lower-case hexadecimal digits.')
}

/** A logged model that is only pointed at. Text that cannot be a model id names nothing and passes. */
export function* relatedLoggedModel(judgement: Judgement, text: string): Inquiry<void> {
  if (isLoggedModelId(text)) yield* readableLoggedModel(judgement, text)
  else if (resemblesHexId(text)) {
    throw new Refusal('invalid-parameter', "A logged model's id is 'm-' and 32 lower-case hexadecimal digits.")
  }
}
