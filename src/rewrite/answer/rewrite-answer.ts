import { type Grant, withAdmitted } from '../../policy/grant.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import { planOf } from './answer-plan.ts'

/**
 * MLflow's answer to a granted request, in the caller's names and without what they may not see. What is a row in other answers may be
 * the whole of this one. Throws the refusal of an answer that is not theirs. `admitted`: what its rows turned out to belong to.
 */
export function rewriteAnswer({ endpoint, context }: Grant, answer: JsonObject, admitted = context.admitted): JsonObject {
  return planOf(endpoint.response).rewrite(answer, withAdmitted(context, admitted))
}
