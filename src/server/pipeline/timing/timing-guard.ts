import type { Decision } from '../../../policy/decide.ts'
import type { Evaluation } from '../../../policy/fact-query.ts'
import type { Grant } from '../../../policy/grant.ts'
import { holdsOthersRows } from '../../../rewrite/answer/open-answer.ts'
import type { Clock } from '../../facts/clock.ts'
import { evaluate } from '../../facts/evaluate.ts'
import type { MlflowFacts } from '../../facts/mlflow-facts.ts'
import type { End } from '../../network/request-end.ts'
import { whenReady } from '../../network/when-ready.ts'
import { EvenTimes } from './even-times.ts'

/** Whether a decision's time must not reveal what was found: a refusal after a look-up, or ids that count as absent. */
function hidesSomething(decision: Decision, { asked }: MlflowFacts): boolean {
  return 'deny' in decision ? asked : decision.allow.context.passedOver.size > 0
}

/** Ensures that nothing takes a different time because it belongs to another environment. */
export class TimingGuard {
  readonly #decisions: EvenTimes
  readonly #answers: EvenTimes

  constructor(clock: Clock) {
    this.#decisions = new EvenTimes(clock)
    this.#answers = new EvenTimes(clock)
  }

  /** Runs a decision. If it hides whether something exists, it ends at a fixed time; otherwise at once. */
  decide(evaluation: Evaluation<Decision>, facts: MlflowFacts, gone?: End): Decision | Promise<Decision> {
    const beginning = this.#decisions.begin()
    return whenReady(evaluate(evaluation, facts), (decision) => {
      const shown = () => {
        if ('allow' in decision) facts.keepShown(decision.allow.context)
        return decision
      }
      if (hidesSomething(decision, facts)) return this.#decisions.end(beginning, gone).then(shown)
      if (facts.asked) this.#decisions.note(beginning)
      return shown()
    })
  }

  /** Gets an answer, at a fixed time if others' rows were left out of it. */
  answer<T>(grant: Grant, gone: End | undefined, get: () => Promise<T>): Promise<T> {
    return holdsOthersRows(grant) ? this.#answerEvenly(gone, get) : get()
  }

  async #answerEvenly<T>(gone: End | undefined, get: () => Promise<T>): Promise<T> {
    const beginning = this.#answers.begin()
    try {
      return await get()
    } finally {
      await this.#answers.end(beginning, gone)
    }
  }
}
