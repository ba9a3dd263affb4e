import type { OpenEndpoint } from '../../policy/endpoints/endpoint.ts'
import type { ServerKind } from '../../policy/environments/environment.ts'
import { hasShape, shapeOf } from '../../policy/messages/message-shape.ts'
import { mappedFields } from '../request/upstream-message.ts'
import { answerMeanings } from './answer-fields.ts'
import { hasOwnVisibility } from './visible-rows.ts'

/**
 * What becomes of an allowed request. `passed`: it goes on as it was judged, and so does its answer. `rewritten`: names, ids or locations
 * change on the way. `filtered`: rows of others are left out besides. `carried out`: the proxy does it itself, by other calls.
 */
const coverages = ['passed', 'rewritten', 'filtered', 'carried out'] as const
export type Coverage = (typeof coverages)[number]

/** The messages that a message holds, itself first. */
function reach(name: string, found: Set<string> = new Set()): Set<string> {
  if (found.has(name) || !hasShape(name)) return found
  found.add(name)
  for (const { message } of shapeOf(name).fields.values()) if (message !== undefined) reach(message, found)
  return found
}

function hasOwnedRows({ search, response }: OpenEndpoint): boolean {
  if (search !== undefined) return true
  const lists = [...shapeOf(response).fields.values()].filter(({ repeated }) => repeated)
  return lists.some(({ message }) => message !== undefined && hasOwnVisibility(message))
}

/** Whether an endpoint asks for artifacts, which a Databricks workspace has elsewhere. */
export function asksForStore({ fields, signsUrl }: OpenEndpoint): boolean {
  return signsUrl !== true && Object.values(fields).some((meaning) => /^(storePath|storeFolder|workspaceFile)$/.test(meaning))
}

/** What becomes of a request that the decision lets through. */
export function coverageOf(endpoint: OpenEndpoint, kind: ServerKind): Coverage {
  if (kind !== 'mlflow' && asksForStore(endpoint)) return 'carried out'
  if (hasOwnedRows(endpoint)) return 'filtered'
  const answered = [...reach(endpoint.response)].some((name) => name in answerMeanings)
  return answered || mappedFields(endpoint).length > 0 ? 'rewritten' : 'passed'
}
