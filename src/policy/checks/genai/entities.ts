import { absent, type EvaluationContext } from '../../evaluation-context.ts'
import { ask, type Evaluation } from '../../fact-query.ts'
import { type EntityKind, isEntityId } from '../../genai/entity.ts'
import type { Meaning } from '../../meanings/meaning-table.ts'
import { textsMeaning, textsOf } from '../../messages/message-fields.ts'
import { Refusal } from '../../reasons.ts'
import { isOwn, standIn, upstreamExperimentId } from '../runs/owned-ids.ts'

const kinds: readonly (readonly [meaning: Meaning, kind: EntityKind])[] = [
  ['dataset', 'dataset'],
  ['issue', 'issue'],
  ['labelSchema', 'labelSchema'],
  ['labelSchemas', 'labelSchema'],
  ['reviewQueue', 'reviewQueue'],
]

/** The experiments of a thing that is the caller's own: each of them is. What belongs to none is nobody's, and absent like all else. */
export function* experimentsOfOwn(context: EvaluationContext, kind: EntityKind, id: string): Evaluation<readonly string[]> {
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
function checkStaysSomewhere({ endpoint, message, defaultExperimentId }: EvaluationContext, before: readonly string[]): void {
  if (endpoint.leavesExperiments !== true) return
  const removed = new Set(textsOf(message.get('experiment_ids') ?? []).map((id) => upstreamExperimentId(id, defaultExperimentId)))
  if (before.some((id) => !removed.has(id))) return
  throw new Refusal(
    'invalid-parameter',
    'The data set would be in no experiment and belong to nobody. Add it to another experiment first, or delete it.',
  )
}

/** Things in experiments whose ids do not show their owner: data sets, issues, label schemas, review queues. */
export function* checkEntities(context: EvaluationContext): Evaluation<void> {
  const { endpoint, message } = context
  for (const [meaning, kind] of kinds) {
    const ids = textsMeaning(endpoint, message, meaning)
    for (const id of new Set(ids)) {
      const experiments = yield* experimentsOfOwn(context, kind, id)
      if (meaning === 'dataset') checkStaysSomewhere(context, experiments)
    }
  }
  // In upstream names it gets the environment's own default experiment.
  if (endpoint.makes === 'dataset') context.visibleExperiments.add(context.defaultExperimentId)
}
