import { type Grant, type GrantContext, withAdmitted } from '../../policy/grant.ts'
import type { Json, JsonObject } from '../../policy/messages/json/json.ts'
import { TurnRoom } from '../../policy/messages/json/turn-room.ts'
import type { Turns } from '../../policy/turns.ts'
import { type AnswerPlan, planOf } from './answer-plan.ts'

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
    const fits = room.takes(value) || (yield* room.makes(value))
    const rewritten = fits ? plan.rewriteField(name, value, within) : yield* rewriteHeld(plan, name, value, within, room)
    if (rewritten !== undefined) result.set(name, rewritten)
  }
  return result
}

/** A field that is too much for one turn: the message in it is taken apart, or the list of them row by row. */
function* rewriteHeld(
  plan: AnswerPlan,
  name: string,
  value: Json,
  within: GrantContext,
  room: TurnRoom,
): Turns<Json | undefined> {
  const rows = plan.rowsIn(name, value)
  if (rows === null) return plan.rewriteField(name, value, within)
  if (!Array.isArray(value))
    return rows.isVisible(value, within) ? yield* rewriteParts(rows, value, within, room) : plan.rewriteField(name, value, within)
  const shown: Json[] = []
  for (const row of value) {
    const fits = room.takes(row) || (yield* room.makes(row))
    if (!rows.isVisible(row, within)) continue
    shown.push(fits ? rows.rewriteVisible(row, within) : yield* rewriteParts(rows, row, within, room))
  }
  // If no row is shown, the list is what a list of one such row is.
  return shown.length > 0 ? shown : plan.rewriteField(name, value.slice(0, 1), within)
}
