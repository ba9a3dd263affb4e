import type { EvaluationContext } from '../../evaluation-context.ts'
import { ask, type Evaluation } from '../../fact-query.ts'
import { textMeaning } from '../../messages/message-fields.ts'
import { resolveName } from '../../names/names.ts'

function leavesItToMlflow({ endpoint, message }: EvaluationContext): boolean {
  if (message.get('experiment_id')) return false
  const tracks = message.get('usage_tracking')
  if (endpoint.tracksUsage === 'unless-off') return tracks !== false
  return endpoint.tracksUsage === 'when-on' && tracks === true
}

/**
 * Where the use of a gateway endpoint is written down when the request leaves that to MLflow, which would make an experiment that is
 * nobody's: an experiment of the same logical name in the environment. Null where nothing is left to MLflow.
 */
function* usageExperiment(context: EvaluationContext): Evaluation<string | null> {
  if (!leavesItToMlflow(context)) return null
  const { endpoint, message, config, environment } = context
  const id = textMeaning(endpoint, message, 'gatewayEndpoint')
  const fact = id === null ? null : yield* ask({ about: 'gatewayThing', kind: 'gatewayEndpoint', id })
  const name = textMeaning(endpoint, message, 'gatewayEndpointName') ?? fact?.name
  if (name === undefined || fact?.experimentId !== undefined) return null
  const { logical } = resolveName(config, environment, 'gateway', name)
  const { upstream } = resolveName(config, environment, 'experiment', `gateway/${logical}`)
  const experiment = yield* ask({ about: 'defaultExperiment', name: upstream })
  if (experiment === null) context.missing.push(upstream)
  return experiment
}

export function* checkUsageExperiment(context: EvaluationContext): Evaluation<void> {
  context.usageExperimentId = yield* usageExperiment(context)
}
