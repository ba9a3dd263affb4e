import type { GrantContext } from '../../policy/grant.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import { shapeOf } from '../../policy/messages/message-shape.ts'
import { showName } from '../../policy/names/names.ts'
import { accountProblem } from '../../policy/serving/external-model.ts'
import { isOfferedModel, isSharedEndpoint, showEndpointName } from '../../policy/serving/serving-endpoints.ts'

type IsVisible = (row: JsonObject, context: GrantContext) => boolean

const isVisibleEndpoint: IsVisible = (row, context) => {
  const name = row.get('name')
  return typeof name === 'string' && showEndpointName(context, name) !== null
}

/** What a caller calls a model that their endpoint serves; null where they may not see it. */
export function showServedModel(name: string, context: GrantContext): string | null {
  const { config, environment, inSharedEndpoint } = context
  return inSharedEndpoint === true || isOfferedModel(environment, name) ? name : showName(config, environment, 'model', name)
}

/** How an external model is reached: shown where all that it names is the caller's. What others made for them may name more. */
const isVisibleAccount: IsVisible = (row, context) => context.inSharedEndpoint !== true && accountProblem(context, row) === null

/** The messages of accounts with providers. */
const accountMessages = [...shapeOf('databricks.ExternalModel').fields.values()].flatMap(({ message }) => message ?? [])

/** What an endpoint serves without a model's name names nothing of anybody. */
const isVisibleEntity =
  (key: string): IsVisible =>
  (row, context) => {
    const name = row.get(key) ?? ''
    if (context.inSharedEndpoint === true || name === '') return true
    return typeof name === 'string' && showServedModel(name, context) !== null
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
export function contextOfEndpoint(messageName: string, row: JsonObject, context: GrantContext): GrantContext {
  const name = row.get('name')
  const ofEndpoint = /^databricks\.ServingEndpoint(Detailed)?$/.test(messageName) && typeof name === 'string'
  return ofEndpoint && isSharedEndpoint(context.environment, name) ? { ...context, inSharedEndpoint: true } : context
}
