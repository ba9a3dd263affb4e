import { Refusal } from '../../policy/reasons.ts'

/** MLflow, or a gateway before it, cannot serve at the moment, and sending again changes nothing more. `retryAfter` as it said, or in seconds. */
export class Unavailable extends Refusal {
  readonly retryAfter: number | string

  constructor(message: string, retryAfter: number | string = 1) {
    super('upstream-unavailable', message)
    this.retryAfter = retryAfter
  }
}
