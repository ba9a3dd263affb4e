import type { Json } from '../json.ts'
import { parseJson } from '../json-text.ts'
import { Refusal } from '../reasons.ts'

const gateway = /^\s*(?:gateway|endpoints):\//i

function gatewayIn(value: Json): string | null {
  if (typeof value === 'string') return gateway.test(value) ? value : null
  const parts = Array.isArray(value) ? value : value instanceof Map ? [...value.values()] : []
  for (const part of parts) {
    const found = gatewayIn(part)
    if (found !== null) return found
  }
  return null
}

/** A scorer's text: JSON that names no endpoint of the server's AI gateway, which the server would call with its own secrets. */
export function checkScorerText(text: string | null): void {
  if (text === null) return
  let scorer: Json
  try {
    scorer = parseJson(text, { allowNaN: true })
  } catch (error) {
    if (error instanceof Refusal) throw new Refusal('invalid-parameter', 'serialized_scorer must be valid JSON')
    throw error
  }
  if (gatewayIn(scorer) === null) return
  throw new Refusal(
    'closed-endpoint',
    "The scorer names an endpoint of the server's AI gateway, which belongs to the whole server. Name a model of a provider instead, such as 'openai:/…'.",
  )
}
