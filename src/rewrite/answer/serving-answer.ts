import type { Findings } from '../../policy/grant.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import { shapeOf } from '../../policy/messages/message-shape.ts'
import { showName } from '../../policy/names/names.ts'
import { accountProblem } from '../../policy/serving/external-model.ts'
import { isOfferedModel, isSharedEndpoint, showEndpointName } from '../../policy/serving/serving-endpoints.ts'

type IsVisible = (row: JsonObject, findings: Findings) => boolean

const isVisibleEndpoint: IsVisible = (row, findings) => {
  const name = row.get('name')
  return typeof name === 'string' && showEndpointName(findings, name) !== null
}

/** What a caller calls a model that their endpoint serves; null where they may not see it. */
export function showServedModel(name: string, findings: Findings): string | null {
  const { landscape, environment, inSharedEndpoint } = findings
  return inSharedEndpoint === true || isOfferedModel(environment, name) ? name : showName(landscape, environment, 'model', name)
}

/** How an external model is reached: shown where all that it names is the caller's. What others made for them may name more. */
const isVisibleAccount: IsVisible = (row, findings) =>
  findings.inSharedEndpoint !== true && accountProblem(findings, row) === null

/** The messages of accounts with providers. */
const accountMessages = [...shapeOf('databricks.ExternalModel').fields.values()].flatMap(({ message }) => message ?? [])

/** What an endpoint serves without a model's name names nothing of anybody. */
const isVisibleEntity =
  (key: string): IsVisible =>
  (row, findings) => {
    const name = row.get(key) ?? ''
    if (findings.inSharedEndpoint === true || name === '') return true
    return typeof name === 'string' && showServedModel(name, findings) !== null
  }

/** Which serving endpoints, and which of the things they serve, the caller may see. */
export const visibleServing: Readonly<Record<string, IsVisible>> = {
  'databricks.ServingEndpoint': isVisibleEndpoint,
  'databricks.ServingEndpointDetailed': isVisibleEndpoint,
  'databricks.ServedEntityOutput': isVisibleEntity('entity_name'),
  'databricks.ServedEntitySpec': isVisibleEntity('entity_name'),
  'databricks.ServedModelOutput': isVisibleEntity('model_name'),
  'databricks.ServedModelSpec': isVisibleEntity('model_name'),
  ...Object.fromEntries(accountMessages.map((name) => [name, isVisibleAccount])),
}

/** The findings for what is said inside a serving endpoint: of a shared one it is the workspace's own. */
export function findingsOfEndpoint(messageName: string, row: JsonObject, findings: Findings): Findings {
  const name = row.get('name')
  const ofEndpoint = /^databricks\.ServingEndpoint(Detailed)?$/.test(messageName) && typeof name === 'string'
  return ofEndpoint && isSharedEndpoint(findings.environment, name) ? { ...findings, inSharedEndpoint: true } : findings
}
