import type { Answer, Evaluation, FactQuery } from '../../policy/fact-query.ts'
import { Refusal } from '../../policy/reasons.ts'

/** Answers the queries of a decision. */
export interface FactSource {
  /** At once what is known already. */
  answer(factQuery: FactQuery): Promise<Answer> | Answer
}

/** How many look-ups one request may cause: each costs a request to MLflow. */
const mostLookUps = 5_000

function lookUpsOf(factQuery: FactQuery): number {
  if ('attempt' in factQuery && factQuery.attempt > 0) return 0
  return 'ids' in factQuery ? factQuery.ids.length : 1
}

/** Runs an evaluation to its end. Within one request no query is sent twice. Throws `too-large` for a request that names too much. */
export async function evaluate<T>(evaluation: Evaluation<T>, source: FactSource): Promise<T> {
  const known = new Map<string, Promise<Answer> | Answer>()
  let lookUps = 0
  let step = evaluation.next()
  while (!step.done) {
    const key = JSON.stringify(step.value)
    lookUps += known.has(key) ? 0 : lookUpsOf(step.value)
    if (lookUps > mostLookUps) {
      throw new Refusal(
        'too-large',
        `The request refers to more than ${mostLookUps} runs, models, traces or experiments. Send several requests.`,
      )
    }
    let value: Answer
    try {
      const answer = known.has(key) ? (known.get(key) ?? null) : source.answer(step.value)
      known.set(key, answer)
      value = answer instanceof Promise ? await answer : answer
    } catch (error) {
      step = evaluation.throw(error)
      continue
    }
    step = evaluation.next(value)
  }
  return step.value
}
