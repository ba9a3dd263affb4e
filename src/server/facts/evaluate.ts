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

/** An evaluation with its queries. What is looked up is remembered, so that no query is sent twice. */
class Run<T> {
  readonly #evaluation: Evaluation<T>
  readonly #source: FactSource
  readonly #asked = new Map<string, Promise<Answer>>()
  #lookUps = 0

  constructor(evaluation: Evaluation<T>, source: FactSource) {
    this.#evaluation = evaluation
    this.#source = source
  }

  /** Goes on from a step for as long as all answers are known. */
  go(from: IteratorResult<FactQuery, T>): T | Promise<T> {
    let step = from
    while (!step.done) {
      const asked = this.#recall(step.value)
      if (asked === undefined) this.#count(lookUpsOf(step.value))
      let answer: Answer | Promise<Answer>
      try {
        answer = asked ?? this.#ask(step.value)
      } catch (error) {
        step = this.#evaluation.throw(error)
        continue
      }
      if (answer instanceof Promise) return this.#wait(answer)
      step = this.#evaluation.next(answer)
    }
    return step.value
  }

  async #wait(answer: Promise<Answer>): Promise<T> {
    const step = await answer.then(
      (value) => this.#evaluation.next(value),
      (error) => this.#evaluation.throw(error),
    )
    return this.go(step)
  }

  #recall(factQuery: FactQuery): Promise<Answer> | undefined {
    return this.#asked.size === 0 ? undefined : this.#asked.get(JSON.stringify(factQuery))
  }

  #ask(factQuery: FactQuery): Answer | Promise<Answer> {
    const answer = this.#source.answer(factQuery)
    if (answer instanceof Promise) this.#asked.set(JSON.stringify(factQuery), answer)
    else this.#lookUps -= lookUpsOf(factQuery)
    return answer
  }

  /** Before anything is sent. */
  #count(lookUps: number): void {
    this.#lookUps += lookUps
    if (this.#lookUps <= mostLookUps) return
    throw new Refusal(
      'too-large',
      `The request refers to more than ${mostLookUps} runs, models, traces or experiments. Send several requests.`,
    )
  }
}

/**
 * Runs an evaluation to its end, at once if every answer is known. Within one request no query is sent twice. Throws, or rejects with,
 * `too-large` for a request that names too much.
 */
export function evaluate<T>(evaluation: Evaluation<T>, source: FactSource): T | Promise<T> {
  return new Run(evaluation, source).go(evaluation.next())
}
