import type { Json, JsonObject } from '../../policy/messages/json/json.ts'
import { Refusal } from '../../policy/reasons.ts'

/** The rows of a list in an answer; none where the list is left out. Throws where something else stands in its place: nobody's rows are lost silently. */
export function listedRows(answer: JsonObject, key: string): readonly Json[] {
  const rows = answer.get(key) ?? []
  if (!Array.isArray(rows))
    throw new Refusal('unknown-answer', "MLflow's answer has no list of rows. Tell the operators of the proxy.")
  return rows
}
