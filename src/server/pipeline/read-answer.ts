import type { JsonObject } from '../../policy/messages/json/json.ts'
import { type AnswerForm, parseAnswerInTurns } from '../upstream/parse-answer.ts'
import type { UpstreamAnswer } from '../upstream/upstream-answer.ts'
import { inTurns } from './in-turns.ts'

/** The JSON object of an answer of any size. What it becomes is charged while it is read, in addition to its text. Throws as `parseAnswer`. */
export function readAnswer(answer: UpstreamAnswer, form: AnswerForm): JsonObject | Promise<JsonObject> {
  const { held } = answer
  const text = held?.bytes ?? 0
  return inTurns(parseAnswerInTurns(answer, form), undefined, (bytes) => held?.grow(text + bytes) ?? null)
}
