import type { Environment } from '../../environments/environment.ts'
import { type EvaluationContext, resolveAllowed } from '../../evaluation-context.ts'
import type { Evaluation } from '../../fact-query.ts'
import { isEntityId, resemblesEntityId } from '../../genai/entity.ts'
import { gatewayNamesIn, parseScorer } from '../../genai/scorer-text.ts'
import type { Json, JsonObject } from '../../messages/json/json.ts'
import { placesMeaning, textMeaning, textsOf } from '../../messages/message-fields.ts'
import { Refusal } from '../../reasons.ts'
import { experimentsOfOwn } from './entities.ts'

/** Kinds of scorers that ask a model and do nothing else, by the field that holds theirs; every other kind brings code, libraries or other scorers. */
const judges = ['instructions_judge_pydantic_data', 'builtin_scorer_pydantic_data']
const others = ['call_source', 'memory_augmented_judge_data', 'third_party_scorer_data', 'ensemble_scorer_data']
/** Options of the libraries that ask models, which choose where and as whom they are asked. */
const destinations = /^(api_base|base_url|api_key|model_list|fallbacks|custom_llm_provider|extra_headers|headers)$/i

function isGiven(object: JsonObject, key: string): boolean {
  return (object.get(key) ?? null) !== null
}

function choosesDestination(value: Json): boolean {
  if (Array.isArray(value)) return value.some(choosesDestination)
  return value instanceof Map && [...value].some(([key, item]) => destinations.test(key) || choosesDestination(item))
}

/** Whether the one model of a scorer is the endpoint that it names: the server runs such scorers by itself, and must not run more for them. */
function isPlainJudge(scorer: Json): boolean {
  if (!(scorer instanceof Map) || others.some((key) => isGiven(scorer, key)) || choosesDestination(scorer)) return false
  const [judge, ...more] = judges.flatMap((key) => scorer.get(key) ?? [])
  if (!(judge instanceof Map) || more.length > 0) return false
  return gatewayNamesIn(scorer).names.length === gatewayNamesIn(judge.get('model') ?? null).names.length
}

function refuseClosed({ name }: Environment): never {
  throw new Refusal(
    'closed-endpoint',
    `The scorer uses an AI gateway endpoint, but the AI gateway is not open in environment '${name}'. Use a model of a provider instead, such as 'openai:/…'.`,
  )
}

/** A scorer's text: JSON that names no endpoint of the server's AI gateway but the environment's own, where it has the gateway. */
export function checkScorerText(context: EvaluationContext): void {
  const { endpoint, message, environment } = context
  const text = textMeaning(endpoint, message, 'scorerJson')
  if (text === null) return
  const scorer = parseScorer(text)
  if (scorer === undefined) throw new Refusal('invalid-parameter', 'serialized_scorer must be valid JSON')
  const { names, unclear } = gatewayNamesIn(scorer)
  if (names.length > 0 && environment.gateway !== true) refuseClosed(environment)
  if (unclear || (names.length > 0 && !isPlainJudge(scorer))) {
    throw new Refusal(
      'closed-endpoint',
      "Only a judge or a built-in scorer may use an AI gateway endpoint, as its model in the form 'gateway:/<name>', and it must not set another destination. Use a model of a provider instead, such as 'openai:/…'.",
    )
  }
  for (const name of names) resolveAllowed(context, 'gateway', name, 'change')
}

/** A gateway endpoint is bound to a scorer by its id. Text that cannot be an id names nothing. */
export function* checkBoundScorers(context: EvaluationContext): Evaluation<void> {
  for (const { value } of placesMeaning(context.endpoint, context.message, 'boundResource')) {
    for (const id of textsOf(value).filter((text) => text !== '')) {
      if (isEntityId('scorer', id)) yield* experimentsOfOwn(context, 'scorer', id)
      if (resemblesEntityId('scorer', id))
        throw new Refusal('invalid-parameter', "A scorer's id has lower-case letters and no surrounding characters.")
    }
  }
}
