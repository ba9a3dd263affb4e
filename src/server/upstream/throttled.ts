import { Refusal } from '../../policy/reasons.ts'

/** The upstream takes no more requests for now, and carried this one out in no part. `retryAfter` as it said, or in seconds. */
export class Throttled extends Refusal {
  readonly retryAfter: number | string

  constructor(retryAfter: number | string) {
    super('upstream-busy', 'MLflow accepts no more requests at the moment: its rate limit is reached. Try again shortly.')
    this.retryAfter = retryAfter
  }
}
