import type { EvaluationContext } from '../../evaluation-context.ts'
import { ask, type Evaluation } from '../../fact-query.ts'
import { isEntityId } from '../../genai/entity.ts'
import { textMeaning, textsMeaning } from '../../messages/message-fields.ts'
import { readings } from '../../names/look-alikes.ts'
import { Refusal } from '../../reasons.ts'
import { experimentsOfOwn } from './entities.ts'

/** Ids that issues are to get, in MLflow's own words. */
export function checkNewIssueIds({ endpoint, message }: EvaluationContext): void {
  const id = textMeaning(endpoint, message, 'newIssue')
  if (id !== null && !isEntityId('issue', id))
    throw new Refusal('invalid-parameter', 'issue_id must be iss-* and at most 36 characters')
}

/** MLflow counts the issues of all experiments, others' too, where none is named. */
export function checkRowCount({ message }: EvaluationContext): void {
  if (message.get('include_total_count') !== true || message.has('experiment_id')) return
  throw new Refusal(
    'invalid-parameter',
    'Issues are counted in one experiment: set experiment_id, or leave include_total_count out.',
  )
}

/** Issues that are to be made, and those that names of assessments point at. */
export function* checkMentionedIssues(context: EvaluationContext): Evaluation<void> {
  const { endpoint, message } = context
  const made = textMeaning(endpoint, message, 'newIssue')
  // One that is there must be the caller's own, to whom MLflow says that it is taken.
  if (made !== null && (yield* ask({ about: 'experimentsOf', kind: 'issue', ids: [made] })).has(made))
    yield* experimentsOfOwn(context, 'issue', made)
  const names = textsMeaning(endpoint, message, 'relatedIssue')
  // A database may take another spelling for the id.
  for (const name of new Set(names))
    if (readings(name).some((reading) => isEntityId('issue', reading))) yield* experimentsOfOwn(context, 'issue', name)
}
