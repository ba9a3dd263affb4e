import type { EvaluationContext } from '../../evaluation-context.ts'
import { JsonNumber } from '../../messages/json/json.ts'
import { textsOf } from '../../messages/message-fields.ts'
import { Refusal } from '../../reasons.ts'

const most = { runs: 100, results: 2500 } as const

function invalid(message: string): Refusal {
  return new Refusal('invalid-parameter', message)
}

function integer({ message }: EvaluationContext, field: string): bigint | null {
  const value = message.get(field)
  return value instanceof JsonNumber ? BigInt(value.text) : null
}

function checkBulk({ message }: EvaluationContext): void {
  const runs = textsOf(message.get('run_id') ?? [])
  if (runs.length === 0) throw invalid('GetMetricHistoryBulk request must specify at least one run_id.')
  if (runs.length > most.runs) {
    throw invalid(`GetMetricHistoryBulk request cannot specify more than ${most.runs} run_ids. Received ${runs.length} run_ids.`)
  }
  if (!message.has('metric_key')) throw invalid('GetMetricHistoryBulk request must specify a metric_key.')
}

function checkInterval(context: EvaluationContext): void {
  const runs = textsOf(context.message.get('run_ids') ?? []).length
  if (runs > most.runs) {
    throw invalid(`GetMetricHistoryBulkInterval request must specify at most ${most.runs} run_ids. Received ${runs} run_ids.`)
  }
  const results = integer(context, 'max_results')
  if (results !== null && (results < 1 || results > most.results)) {
    throw invalid(`max_results must be between 1 and ${most.results}.`)
  }
  const [start, end] = [integer(context, 'start_step'), integer(context, 'end_step')]
  if ((start === null) !== (end === null)) {
    throw invalid('If either start step or end step are specified, both must be specified.')
  }
  if (start !== null && end !== null && start > end) {
    throw invalid(`end_step must be greater than start_step. Found start_step=${start} and end_step=${end}.`)
  }
}

/** The history of a metric in several runs: MLflow's own limits and words, before any of the runs is looked up. */
export function checkMetricHistory(context: EvaluationContext): void {
  if (context.endpoint.name === 'getMetricHistoryBulk') checkBulk(context)
  if (context.endpoint.name === 'getMetricHistoryBulkInterval') checkInterval(context)
}
