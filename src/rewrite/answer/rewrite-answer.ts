import { type Grant, type GrantContext, withAdmitted } from '../../policy/grant.ts'
import type { Json, JsonObject } from '../../policy/messages/json/json.ts'
import { TurnRoom } from '../../policy/messages/json/turn-room.ts'
import type { Turns } from '../../policy/turns.ts'
import { type AnswerPlan, type HeldRows, planOf } from './answer-plan.ts'

/**
 * MLflow's answer to a granted request, in the caller's names and without what they may not see. What is a row in other answers may be
 * the whole of this one. Throws the refusal of an answer that is not theirs. `admitted`: what its rows turned out to belong to.
 */
export function rewriteAnswer({ endpoint, context }: Grant, answer: JsonObject, admitted = context.admitted): JsonObject {
  return planOf(endpoint.response).rewrite(answer, withAdmitted(context, admitted))
}

/** The same with rests, for an answer of any size. */
export function* rewriteInTurns(
  { endpoint: { response }, context }: Grant,
  answer: JsonObject,
  admitted = context.admitted,
  room = new TurnRoom(),
): Turns<JsonObject> {
  const plan = planOf(response)
  const within = withAdmitted(context, admitted)
  if (room.takes(answer) || (yield* room.makes(answer)) || !plan.isVisible(answer, within)) return plan.rewrite(answer, within)
  return yield* rewriteParts(plan, answer, within, room)
}

/** A visible message that is too much for one turn. */
function* rewriteParts(plan: AnswerPlan, message: JsonObject, context: GrantContext, room: TurnRoom): Turns<JsonObject> {
  const within = plan.contextInside(message, context)
  const result: JsonObject = new Map()
  for (const [name, value] of message) {
    const rows = room.takes(value) || (yield* room.makes(value)) ? undefined : plan.rowsIn(name)
    const shown = rows === undefined ? undefined : yield* rewriteRows(rows, value, within, room)
    const rewritten = shown ?? plan.rewriteField(name, value, within)
    if (rewritten !== undefined) result.set(name, rewritten)
  }
  return result
}

/** A message, or a list of them, without what the caller may not see; undefined where nothing is left, and for any other value. */
function* rewriteRows({ plan, repeated }: HeldRows, value: Json, context: GrantContext, room: TurnRoom): Turns<Json | undefined> {
  if (!repeated) return plan.isVisible(value, context) ? yield* rewriteParts(plan, value, context, room) : undefined
  if (!Array.isArray(value)) return undefined
  const shown: Json[] = []
  for (const row of value) {
    const fits = room.takes(row) || (yield* room.makes(row))
    if (!plan.isVisible(row, context)) continue
    shown.push(fits ? plan.rewriteVisible(row, context) : yield* rewriteParts(plan, row, context, room))
  }
  return shown.length > 0 ? shown : undefined
}
