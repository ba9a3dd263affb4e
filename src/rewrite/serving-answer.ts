import type { Findings } from '../policy/grant.ts'
import type { JsonObject } from '../policy/json.ts'
import { showName } from '../policy/names.ts'
import { isSharedEndpoint, showEndpointName } from '../policy/serving.ts'

type IsVisible = (row: JsonObject, findings: Findings) => boolean

const isVisibleEndpoint: IsVisible = (row, findings) => {
  const name = row.get('name')
  return typeof name === 'string' && showEndpointName(findings, name) !== null
}

/** What an endpoint serves without a model's name names nothing of anybody. */
const isVisibleEntity =
  (key: string): IsVisible =>
  (row, findings) => {
    const name = row.get(key) ?? ''
    if (findings.inSharedEndpoint === true || name === '') return true
    return typeof name === 'string' && showName(findings.landscape, findings.environment, 'model', name) !== null
  }

/** Which serving endpoints, and which of the things they serve, the caller may see. */
export const visibleServing: Readonly<Record<string, IsVisible>> = {
  'databricks.ServingEndpoint': isVisibleEndpoint,
  'databricks.ServingEndpointDetailed': isVisibleEndpoint,
  'databricks.ServedEntityOutput': isVisibleEntity('entity_name'),
  'databricks.ServedEntitySpec': isVisibleEntity('entity_name'),
  'databricks.ServedModelOutput': isVisibleEntity('model_name'),
  'databricks.ServedModelSpec': isVisibleEntity('model_name'),
}

/** The findings for what is said inside a serving endpoint: of a shared one it is the workspace's own. */
export function findingsOfEndpoint(messageName: string, row: JsonObject, findings: Findings): Findings {
  const name = row.get('name')
  const ofEndpoint = /^databricks\.ServingEndpoint(Detailed)?$/.test(messageName) && typeof name === 'string'
  return ofEndpoint && isSharedEndpoint(findings.environment, name) ? { ...findings, inSharedEndpoint: true } : findings
}
