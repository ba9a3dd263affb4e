import type { GrantContext } from '../../policy/grant.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import { showName } from '../../policy/names/names.ts'
import { isOfferedModel, isSharedEndpoint } from '../../policy/serving/serving-endpoints.ts'

/** What a caller calls a model that their endpoint serves; null where they may not see it. */
export function showServedModel(name: string, context: GrantContext): string | null {
  const { config, environment, inSharedEndpoint } = context
  return inSharedEndpoint === true || isOfferedModel(environment, name) ? name : showName(config, environment, 'model', name)
}

/** The context for what is said inside a serving endpoint: of a shared one it is the workspace's own. */
export function contextOfEndpoint(row: JsonObject, context: GrantContext): GrantContext {
  const name = row.get('name')
  const isShared = typeof name === 'string' && isSharedEndpoint(context.environment, name)
  return isShared ? { ...context, inSharedEndpoint: true } : context
}
