import type { JsonObject } from '../../policy/messages/json/json.ts'
import { type AnswerForm, parseAnswerInTurns } from '../upstream/parse-answer.ts'
import { textParts, type UpstreamAnswer } from '../upstream/upstream-answer.ts'
import { inTurns } from './in-turns.ts'
import { othersTurn } from './others-turn.ts'

/** Characters of an answer that has taken a turn to be decoded. */
const long = 262_144

/** The JSON object of an answer of any size. What it becomes is charged while it is read, in addition to its text. Throws as `parseAnswer`. */
export function readAnswer(answer: UpstreamAnswer, form: AnswerForm): JsonObject | Promise<JsonObject> {
  const { held } = answer
  const text = held?.bytes ?? 0
  const read = () => inTurns(parseAnswerInTurns(answer, form), undefined, (bytes) => held?.grow(text + bytes) ?? null)
  const [first = '', ...more] = textParts(answer)
  return more.length > 0 || first.length >= long ? othersTurn().then(read) : read()
}
