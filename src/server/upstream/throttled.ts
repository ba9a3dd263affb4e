import { Refusal } from '../../policy/reasons.ts'

/** The upstream accepts no more requests for now, and carried out nothing of this one. `retryAfter` as sent by the upstream, or in seconds. */
export class Throttled extends Refusal {
  readonly retryAfter: number | string

  constructor(retryAfter: number | string, who = 'MLflow') {
    super('upstream-busy', `${who} accepts no more requests at the moment: its rate limit is reached. Try again shortly.`)
    this.retryAfter = retryAfter
  }
}
