import type { Json } from '../json.ts'
import { type Judgement, resolveAllowed } from '../judgement.ts'
import { textMeaning } from '../message-fields.ts'
import { Refusal } from '../reasons.ts'
import { gatewayNamesIn, parseScorer } from '../scorer-text.ts'

function readScorer(text: string): Json {
  try {
    return parseScorer(text)
  } catch (error) {
    if (error instanceof Refusal) throw new Refusal('invalid-parameter', 'serialized_scorer must be valid JSON')
    throw error
  }
}

/** A scorer's text: JSON that names no endpoint of the server's AI gateway but the environment's own, where it has the gateway. */
export function checkScorerText(judgement: Judgement): void {
  const { endpoint, message, environment } = judgement
  const text = textMeaning(endpoint, message, 'scorerJson')
  if (text === null) return
  const { names, unclear } = gatewayNamesIn(readScorer(text))
  if (names.length > 0 && environment.gateway !== true) {
    throw new Refusal(
      'closed-endpoint',
      `The scorer names an endpoint of the AI gateway, which is not open in environment '${environment.name}'. Name a model of a provider instead, such as 'openai:/…'.`,
    )
  }
  if (unclear) {
    throw new Refusal(
      'closed-endpoint',
      "The scorer names an endpoint of the whole server's, or one in a way that cannot be judged. Write 'gateway:/' and the endpoint's name, or name a model of a provider, such as 'openai:/…'.",
    )
  }
  for (const name of names) resolveAllowed(judgement, 'gateway', name, 'change')
}
