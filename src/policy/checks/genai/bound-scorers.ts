import type { EvaluationContext } from '../../evaluation-context.ts'
import type { Evaluation } from '../../fact-query.ts'
import { isEntityId, resemblesEntityId } from '../../genai/entity.ts'
import { placesMeaning, textsOf } from '../../messages/message-fields.ts'
import { Refusal } from '../../reasons.ts'
import { experimentsOfOwn } from './entities.ts'

/** A gateway endpoint is bound to a scorer by its id. Text that cannot be an id names nothing. */
export function* checkBoundScorers(context: EvaluationContext): Evaluation<void> {
  for (const { value } of placesMeaning(context.endpoint, context.message, 'boundResource')) {
    for (const id of textsOf(value).filter((text) => text !== '')) {
      if (isEntityId('scorer', id)) yield* experimentsOfOwn(context, 'scorer', id)
      if (resemblesEntityId('scorer', id))
        throw new Refusal('invalid-parameter', "A scorer's id has lower-case letters and no surrounding characters.")
    }
  }
}
