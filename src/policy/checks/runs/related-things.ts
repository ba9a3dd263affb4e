import type { EvaluationContext } from '../../evaluation-context.ts'
import type { Evaluation } from '../../fact-query.ts'
import { textsMeaning } from '../../messages/message-fields.ts'
import { isRunId } from '../../names/ids.ts'
import { noteChange } from '../versions/freeze.ts'
import { relatedLoggedModel, relatedRun } from './owned-ids.ts'

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
