import type { Decision } from '../../../policy/decide.ts'
import type { Evaluation } from '../../../policy/fact-query.ts'
import type { Grant } from '../../../policy/grant.ts'
import { holdsOthersRows } from '../../../rewrite/answer/open-answer.ts'
import type { Clock } from '../../facts/clock.ts'
import { evaluate } from '../../facts/evaluate.ts'
import type { MlflowFacts } from '../../facts/mlflow-facts.ts'
import type { End } from '../../network/request-end.ts'
import { EvenTimes } from './even-times.ts'

/** Whether a decision must not tell by its time what was found: a refusal after a question, or ids that count as absent. */
function hidesSomething(decision: Decision, { asked }: MlflowFacts): boolean {
  return 'deny' in decision ? asked : decision.allow.context.passedOver.size > 0
}

/** The one place that sees to it that nothing takes longer, or less long, because it is another environment's. */
export class TimingGuard {
  readonly #decisions: EvenTimes
  readonly #answers: EvenTimes

  constructor(clock: Clock) {
    this.#decisions = new EvenTimes(clock)
    this.#answers = new EvenTimes(clock)
  }

  /** Follows a decision to its end. One that hides whether something exists comes evenly; any other as soon as it is made. */
  async decide(evaluation: Evaluation<Decision>, facts: MlflowFacts, gone?: End): Promise<Decision> {
    const beginning = this.#decisions.begin()
    const decision = await evaluate(evaluation, facts)
    if (hidesSomething(decision, facts)) await this.#decisions.end(beginning, gone)
    else if (facts.asked) this.#decisions.note(beginning)
    if ('allow' in decision) facts.keepShown(decision.allow.context)
    return decision
  }

  /** Gets an answer: evenly, where others' rows are left out of it. */
  async answer<T>(grant: Grant, gone: End | undefined, get: () => Promise<T>): Promise<T> {
    if (!holdsOthersRows(grant)) return get()
    const beginning = this.#answers.begin()
    try {
      return await get()
    } finally {
      await this.#answers.end(beginning, gone)
    }
  }
}
