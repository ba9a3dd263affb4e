import type { Judgement } from '../../evaluation-context.ts'
import { ask, type Inquiry } from '../../fact-query.ts'
import { textMeaning } from '../../messages/message-fields.ts'
import { resolveName } from '../../names/names.ts'

function leavesItToMlflow({ endpoint, message }: Judgement): boolean {
  if (message.get('experiment_id')) return false
  const tracks = message.get('usage_tracking')
  if (endpoint.name === 'createGatewayEndpoint') return tracks !== false
  return endpoint.name === 'updateGatewayEndpoint' && tracks === true
}

/**
 * Where the use of a gateway endpoint is written down when the request leaves that to MLflow, which would make an experiment that is
 * nobody's: an experiment of the same logical name in the environment. Null where nothing is left to MLflow.
 */
export function* usageExperiment(judgement: Judgement): Inquiry<string | null> {
  if (!leavesItToMlflow(judgement)) return null
  const { endpoint, message, landscape, environment } = judgement
  const id = textMeaning(endpoint, message, 'gatewayEndpoint')
  const fact = id === null ? null : yield* ask({ about: 'gatewayThing', kind: 'gatewayEndpoint', id })
  const name = textMeaning(endpoint, message, 'gatewayEndpointName') ?? fact?.name
  if (name === undefined || fact?.experimentId !== undefined) return null
  const { logical } = resolveName(landscape, environment, 'gateway', name)
  const { upstream } = resolveName(landscape, environment, 'experiment', `gateway/${logical}`)
  return yield* ask({ about: 'defaultExperiment', name: upstream })
}
