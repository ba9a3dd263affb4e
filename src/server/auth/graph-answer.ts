import { guid } from '../../policy/identity/guid.ts'
import type { Json, JsonObject } from '../../policy/messages/json/json.ts'
import { Refusal } from '../../policy/reasons.ts'

/** The rows of an answer. Throws Refusal if it has none: half an answer would be taken for fewer groups. */
export function rowsOf(content: JsonObject): readonly Json[] {
  const rows = content.get('value')
  if (Array.isArray(rows)) return rows
  throw unknownAnswer()
}

/** An object id, as tokens spell it. */
export function idOf(value: Json | undefined): string {
  if (typeof value === 'string' && guid.test(value)) return value.toLowerCase()
  throw unknownAnswer()
}

/** The refusal of an answer that cannot be understood. */
export function unknownAnswer(): Refusal {
  return new Refusal(
    'unknown-answer',
    "Microsoft Graph's answer about your groups has an unknown form. Tell the operators of the proxy.",
  )
}
