import type { Grant } from '../../policy/grant.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import { planOf } from './answer-plan.ts'

/**
 * MLflow's answer to a granted request, in the caller's names and without what they may not see. What is a row in other answers may be
 * the whole of this one. Throws the refusal of an answer that is not theirs.
 */
export function rewriteAnswer({ endpoint, context }: Grant, answer: JsonObject): JsonObject {
  return planOf(endpoint.response).rewrite(answer, context)
}
