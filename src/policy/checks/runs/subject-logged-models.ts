import { type EvaluationContext, reads } from '../../evaluation-context.ts'
import type { Evaluation } from '../../fact-query.ts'
import { textsMeaning } from '../../messages/message-fields.ts'
import { isRegistrationNote } from '../request/tags.ts'
import { noteChange } from '../versions/freeze.ts'
import { subjectLoggedModel } from './owned-ids.ts'

/** Logged models that the request does something to, or reads. */
export function* checkLoggedModels(context: EvaluationContext): Evaluation<void> {
  const { endpoint, message } = context
  const ids = textsMeaning(endpoint, message, 'loggedModel')
  for (const value of new Set(ids.filter((text) => text !== ''))) {
    const model = yield* subjectLoggedModel(context, value)
    context.references.push({ kind: 'loggedModel', logical: value, upstream: value })
    if (!reads(endpoint) && !isRegistrationNote(context))
      noteChange(context, { kind: 'loggedModel', model, fresh: endpoint.action === 'delete' })
  }
}
