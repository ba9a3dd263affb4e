import type { EvaluationContext } from '../../evaluation-context.ts'
import type { Evaluation } from '../../fact-query.ts'
import { placesMeaning, textsOf } from '../../messages/message-fields.ts'
import { checkDefaultKeepsItsName } from '../request/name-fields.ts'
import { ownExperiment } from '../runs/owned-ids.ts'
import { noteChange } from '../versions/freeze.ts'

/** Experiments that the request does something to, or puts something into. */
export function* checkOwnExperiments(context: EvaluationContext): Evaluation<void> {
  const { endpoint, message, defaultExperimentId } = context
  for (const { value } of placesMeaning(endpoint, message, 'experiment', 'experiments')) {
    for (const id of textsOf(value)) {
      const fact = yield* ownExperiment(context, id)
      if (fact.id === defaultExperimentId) checkDefaultKeepsItsName(context)
      if (endpoint.resource === 'experiment' && endpoint.action === 'delete')
        noteChange(context, { kind: 'experiment', id: fact.id })
    }
  }
}
