import type { EvaluationContext } from '../../evaluation-context.ts'
import { JsonNumber } from '../../messages/json/json.ts'
import { Refusal } from '../../reasons.ts'

const mostResults = 2500

function invalid(message: string): Refusal {
  return new Refusal('invalid-parameter', message)
}

function integer({ message }: EvaluationContext, field: string): bigint | null {
  const value = message.get(field)
  return value instanceof JsonNumber ? BigInt(value.text) : null
}

/** The steps of a metric's history in several runs: MLflow's own limits and words, before any of the runs is looked up. */
export function checkMetricSteps(context: EvaluationContext): void {
  const results = integer(context, 'max_results')
  if (results !== null && (results < 1 || results > mostResults)) {
    throw invalid(`max_results must be between 1 and ${mostResults}.`)
  }
  const [start, end] = [integer(context, 'start_step'), integer(context, 'end_step')]
  if ((start === null) !== (end === null)) {
    throw invalid('If either start step or end step are specified, both must be specified.')
  }
  if (start !== null && end !== null && start > end) {
    throw invalid(`end_step must be greater than start_step. Found start_step=${start} and end_step=${end}.`)
  }
}
