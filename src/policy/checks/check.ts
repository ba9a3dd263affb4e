import type { OpenEndpoint } from '../endpoints/endpoint.ts'
import type { EvaluationContext } from '../evaluation-context.ts'
import type { Evaluation } from '../fact-query.ts'

/** Which endpoints a check is for: those with a field of a meaning that names it, and with what their rows say. */
interface Applicability {
  /** Endpoints that it is for whatever their fields mean. */
  readonly when?: (endpoint: OpenEndpoint) => boolean
  /** Endpoints that it is never for. */
  readonly unless?: (endpoint: OpenEndpoint) => boolean
}

/** A check of the request alone. Throws Refusal. */
export interface StaticCheck extends Applicability {
  readonly judge: (context: EvaluationContext) => void
}

/** A check that asks about MLflow. Throws Refusal. */
export interface AskingCheck extends Applicability {
  readonly inquire: (context: EvaluationContext) => Evaluation<void>
}
