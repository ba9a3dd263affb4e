import type { JsonObject } from '../../policy/messages/json/json.ts'
import type { JsonLimits } from '../../policy/messages/json/json-reader.ts'
import { parseJson } from '../../policy/messages/json/json-text.ts'
import { readExportAnswer } from '../../policy/otlp/export-message.ts'
import { Refusal } from '../../policy/reasons.ts'
import { describeAnswer } from './intermediaries.ts'
import type { UpstreamAnswer } from './upstream-answer.ts'

/** The refusal of an answer in which something is missing. */
export function unknownAnswer(): Refusal {
  return new Refusal('unknown-answer', "MLflow's answer has an unknown form. See the proxy's log.")
}

/** A page where MLflow's answer should be is a login page, or that of somebody who is out of order. */
function page(): Refusal {
  return new Refusal(
    'unknown-answer',
    "A web page came instead of MLflow's answer, from an intermediary between this proxy and MLflow. Tell the operators of the proxy.",
  )
}

/**
 * Values that an answer may have whatever its length, and characters for each one beyond that: rows have tens of them, but what has two
 * would take up fifty times its length.
 */
const answered = { values: 1_000_000, charactersEach: 8 } as const

/** The JSON object of an answer; anything else is an answer that nobody knows. */
export function parseAnswer(answer: UpstreamAnswer, allowNaN = false, printed: JsonLimits['printed'] = new Map()): JsonObject {
  const maxKeys = Math.max(answered.values, answer.text.length / answered.charactersEach)
  try {
    const value = parseJson(answer.text, { allowNaN, maxDepth: 500, maxKeys, printed })
    if (value instanceof Map) return value
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
  }
  const refusal = answer.contentType.includes('html') ? page() : unknownAnswer()
  refusal.cause = `${describeAnswer(answer)}: no JSON object`
  throw refusal
}

/** The answer to an export of spans, which is no JSON. */
export function parseExportAnswer({ bytes }: UpstreamAnswer): JsonObject {
  if (bytes === undefined) throw unknownAnswer()
  try {
    return readExportAnswer(bytes)
  } catch (error) {
    throw error instanceof Refusal ? unknownAnswer() : error
  }
}
