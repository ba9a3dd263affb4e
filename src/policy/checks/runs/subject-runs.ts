import { type EvaluationContext, reads } from '../../evaluation-context.ts'
import type { Evaluation } from '../../fact-query.ts'
import { textsMeaning } from '../../messages/message-fields.ts'
import { noteChange } from '../versions/freeze.ts'
import { subjectRun } from './owned-ids.ts'

/** Runs that the request does something to, or reads. */
export function* checkRuns(context: EvaluationContext): Evaluation<void> {
  const { endpoint, message } = context
  const ids = textsMeaning(endpoint, message, 'run', 'runsToRead')
  for (const id of new Set(ids.filter((text) => text !== ''))) {
    const run = yield* subjectRun(context, id)
    context.references.push({ kind: 'run', logical: id, upstream: id })
    if (!reads(endpoint)) noteChange(context, { kind: 'run', id: run.id, fresh: endpoint.action === 'delete' })
  }
}
