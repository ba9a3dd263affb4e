import type { JsonObject } from '../../policy/messages/json/json.ts'
import type { JsonLimits } from '../../policy/messages/json/json-limits.ts'
import { parseInTurns } from '../../policy/messages/json/json-text.ts'
import { readExportAnswer } from '../../policy/otlp/export-message.ts'
import { Refusal } from '../../policy/reasons.ts'
import { atOnce, type Turns } from '../../policy/turns.ts'
import { describeAnswer } from './intermediaries.ts'
import { textParts, type UpstreamAnswer } from './upstream-answer.ts'

/** The refusal of an incomplete answer. */
export function unknownAnswer(): Refusal {
  return new Refusal('unknown-answer', "MLflow's answer has an unknown form. See the proxy's log.")
}

/** An HTML page instead of MLflow's answer is a login page, or an error page of an intermediary. */
function page(): Refusal {
  return new Refusal(
    'unknown-answer',
    "A web page came instead of MLflow's answer, from an intermediary between this proxy and MLflow. Tell the operators of the proxy.",
  )
}

/**
 * Number of values that any answer may have, and characters for each further one: rows have tens of them, but values of two characters
 * would need fifty times the answer's length in memory.
 */
const answered = { values: 1_000_000, charactersEach: 8 } as const

/** What an answer may hold, and which of its lists nobody looks into. */
export type AnswerForm = Pick<JsonLimits, 'allowNaN' | 'printed' | 'copied'>

/** The JSON object of an answer. Throws if it is anything else. */
export function parseAnswer(answer: UpstreamAnswer, form: AnswerForm = {}): JsonObject {
  return atOnce(parseAnswerInTurns(answer, form))
}

/** The same with rests, for an answer of any size. */
export function* parseAnswerInTurns(answer: UpstreamAnswer, form: AnswerForm): Turns<JsonObject> {
  const parts = textParts(answer)
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const maxKeys = Math.max(answered.values, length / answered.charactersEach)
  try {
    const value = yield* parseInTurns(parts, { ...form, maxDepth: 500, maxKeys })
    if (value instanceof Map) return value
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
  }
  const refusal = answer.contentType.includes('html') ? page() : unknownAnswer()
  refusal.cause = `${describeAnswer(answer)}: no JSON object`
  throw refusal
}

/** The answer to an export of spans, which is not JSON. */
export function parseExportAnswer({ bytes }: UpstreamAnswer): JsonObject {
  if (bytes === undefined) throw unknownAnswer()
  try {
    return readExportAnswer(bytes)
  } catch (error) {
    throw error instanceof Refusal ? unknownAnswer() : error
  }
}
