import type { OpenEndpoint } from '../../policy/endpoints/endpoint.ts'
import type { ServerKind } from '../../policy/environments/environment.ts'
import { reachableMessages } from '../../policy/messages/message-shape.ts'
import { mappedFields } from '../request/upstream-message.ts'
import { planOf } from './answer-plan.ts'

/**
 * What becomes of an allowed request. `passed`: it goes on as it was judged, and so does its answer. `rewritten`: names, ids or locations
 * change on the way. `filtered`: rows of others are left out besides. `carried out`: the proxy does it itself, by other calls.
 */
const coverages = ['passed', 'rewritten', 'filtered', 'carried out'] as const
export type Coverage = (typeof coverages)[number]

/** Whether an endpoint asks for artifacts, which a Databricks workspace has elsewhere. */
export function asksForStore({ fields, signsUrl }: OpenEndpoint): boolean {
  return signsUrl !== true && Object.values(fields).some((meaning) => /^(storePath|storeFolder|workspaceFile)$/.test(meaning))
}

/** What becomes of a request that the decision lets through. */
export function coverageOf(endpoint: OpenEndpoint, kind: ServerKind): Coverage {
  if (kind !== 'mlflow' && asksForStore(endpoint)) return 'carried out'
  if (endpoint.search !== undefined || planOf(endpoint.response).listsOwned) return 'filtered'
  const answered = [...reachableMessages(endpoint.response)].some((name) => planOf(name).isRenamed)
  return answered || mappedFields(endpoint).length > 0 ? 'rewritten' : 'passed'
}
