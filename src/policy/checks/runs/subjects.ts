import { type EvaluationContext, reads } from '../../evaluation-context.ts'
import type { Evaluation } from '../../fact-query.ts'
import { textsMeaning } from '../../messages/message-fields.ts'
import { isRunId } from '../../names/ids.ts'
import { isRegistrationNote } from '../request/tags.ts'
import { noteChange } from '../versions/freeze.ts'
import { relatedLoggedModel, relatedRun, subjectLoggedModel, subjectRun } from './owned-ids.ts'

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

function textsOfMeaning({ endpoint, message }: EvaluationContext, meaning: 'relatedRun' | 'relatedModel'): Set<string> {
  return new Set(textsMeaning(endpoint, message, meaning))
}

/** Runs that are only pointed at. */
export function* checkRelatedRuns(context: EvaluationContext): Evaluation<void> {
  const { endpoint } = context
  const ids = textsOfMeaning(context, 'relatedRun')
  for (const id of ids) yield* relatedRun(context, id)
  // What is declared as an output of a run becomes part of it, and so of the versions made from that run.
  if (endpoint.resource !== 'loggedModel' || endpoint.action !== 'create') return
  for (const id of ids) if (isRunId(id)) noteChange(context, { kind: 'run', id, fresh: true })
}

/** Logged models that are only pointed at. */
export function* checkRelatedModels(context: EvaluationContext): Evaluation<void> {
  for (const id of textsOfMeaning(context, 'relatedModel')) yield* relatedLoggedModel(context, id)
}
