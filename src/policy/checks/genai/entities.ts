import { absent, type EvaluationContext } from '../../evaluation-context.ts'
import { ask, type Evaluation } from '../../fact-query.ts'
import { type EntityKind, isEntityId, resemblesEntityId } from '../../genai/entity.ts'
import type { Meaning } from '../../meanings/meaning.ts'
import type { Json } from '../../messages/json/json.ts'
import { placesMeaning, textMeaning, textsOf } from '../../messages/message-fields.ts'
import { readings } from '../../names/look-alikes.ts'
import { Refusal } from '../../reasons.ts'
import { isOwn, standIn, upstreamExperimentId } from '../runs/owned-ids.ts'
import { checkScorerText } from './scorers.ts'

const kinds: readonly (readonly [meaning: Meaning, kind: EntityKind])[] = [
  ['dataset', 'dataset'],
  ['issue', 'issue'],
  ['labelSchema', 'labelSchema'],
  ['labelSchemas', 'labelSchema'],
  ['reviewQueue', 'reviewQueue'],
]

/** Ids that issues are to get, in MLflow's own words. */
function checkNewIssueIds({ endpoint, message }: EvaluationContext): void {
  const id = textMeaning(endpoint, message, 'newIssue')
  if (id !== null && !isEntityId('issue', id))
    throw new Refusal('invalid-parameter', 'issue_id must be iss-* and at most 36 characters')
}

/** MLflow counts the issues of all experiments, others' too, where none is named. */
function checkCount({ endpoint, message }: EvaluationContext): void {
  if (endpoint.search?.total === undefined || message.get('include_total_count') !== true || message.has('experiment_id')) return
  throw new Refusal(
    'invalid-parameter',
    'Issues are counted in one experiment: name it by experiment_id, or leave include_total_count out.',
  )
}

/** What needs no look-up: MLflow's own limits and words, and JSON texts that can be read. */
export function checkEntityLimits(context: EvaluationContext): void {
  checkScorerText(context)
  checkNewIssueIds(context)
  checkCount(context)
}

/** The experiments of a thing that is the caller's own: each of them is. What belongs to none is nobody's, and absent like all else. */
function* experimentsOfOwn(context: EvaluationContext, kind: EntityKind, id: string): Evaluation<readonly string[]> {
  if (!isEntityId(kind, id)) throw absent[kind](id)
  const of = yield* ask({ about: 'experimentsOf', kind, ids: [id] })
  const experiments = of.get(id) ?? []
  const facts = yield* ask({ about: 'experiments', ids: experiments.length > 0 ? experiments : [standIn] })
  if (experiments.length === 0 || !experiments.every((experiment) => isOwn(context, facts.get(experiment)))) {
    throw absent[kind](id)
  }
  for (const experiment of experiments) context.visibleExperiments.add(experiment)
  context.admitted.add(id)
  context.references.push({ kind, logical: id, upstream: id })
  return experiments
}

/** A data set without an experiment would belong to nobody, and its own maker could not find it again. */
function checkStaysSomewhere(
  { endpoint, message }: EvaluationContext,
  before: readonly string[],
  defaultExperimentId: string,
): void {
  if (endpoint.leavesExperiments !== true) return
  const removed = new Set(textsOf(message.get('experiment_ids') ?? []).map((id) => upstreamExperimentId(id, defaultExperimentId)))
  if (before.some((id) => !removed.has(id))) return
  throw new Refusal(
    'invalid-parameter',
    'The data set would be in no experiment, and belong to nobody. Add it to another experiment first, or delete it.',
  )
}

/** Issues that are to be made, and those that names of assessments point at. */
function* checkMentionedIssues(context: EvaluationContext): Evaluation<void> {
  const { endpoint, message } = context
  const made = textMeaning(endpoint, message, 'newIssue')
  // One that is there must be the caller's own, to whom MLflow says that it is taken.
  if (made !== null && (yield* ask({ about: 'experimentsOf', kind: 'issue', ids: [made] })).has(made))
    yield* experimentsOfOwn(context, 'issue', made)
  const names = placesMeaning(endpoint, message, 'relatedIssue').flatMap(({ value }) => textsOf(value))
  // A database may take another spelling for the id.
  for (const name of new Set(names))
    if (readings(name).some((reading) => isEntityId('issue', reading))) yield* experimentsOfOwn(context, 'issue', name)
}

/** What a gateway endpoint is bound to: a scorer by its id. Text that cannot be one names nothing. */
function* checkBound(context: EvaluationContext): Evaluation<void> {
  for (const { value } of placesMeaning(context.endpoint, context.message, 'boundResource')) {
    for (const id of textsOf(value).filter((text) => text !== '')) {
      if (isEntityId('scorer', id)) yield* experimentsOfOwn(context, 'scorer', id)
      if (resemblesEntityId('scorer', id))
        throw new Refusal('invalid-parameter', "A scorer's id is written with lower-case letters, and nothing around it.")
    }
  }
}

/** Things of experiments by ids that say nothing of their owner: data sets, issues, label schemas, review queues. */
export function* checkEntities(context: EvaluationContext, defaultExperimentId: string): Evaluation<void> {
  const { endpoint, message } = context
  for (const [meaning, kind] of kinds) {
    const ids = placesMeaning(endpoint, message, meaning).flatMap(({ value }: { value: Json }) => textsOf(value))
    for (const id of new Set(ids)) {
      const experiments = yield* experimentsOfOwn(context, kind, id)
      if (meaning === 'dataset') checkStaysSomewhere(context, experiments, defaultExperimentId)
    }
  }
  yield* checkMentionedIssues(context)
  yield* checkBound(context)
  // In upstream names it gets the environment's own default experiment.
  if (endpoint.makes === 'dataset') context.visibleExperiments.add(defaultExperimentId)
}
