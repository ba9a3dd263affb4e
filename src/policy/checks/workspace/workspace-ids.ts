import { absent, type EvaluationContext, managesProduction, reads } from '../../evaluation-context.ts'
import { ask, type Evaluation } from '../../fact-query.ts'
import { placesMeaning } from '../../messages/message-fields.ts'
import { ownStored } from '../../names/names.ts'
import { Refusal } from '../../reasons.ts'

const opaqueId = /^[A-Za-z0-9_-]{1,64}$/

/** Records the model or serving endpoint behind an opaque id. Throws `missing` unless it is the caller's own. */
function requireOwn(
  context: EvaluationContext,
  id: string,
  kind: 'model' | 'endpoint',
  name: string | null,
  missing: Refusal,
): void {
  const owned = name === null ? null : ownStored(context, kind, name)
  if (owned === null) throw missing
  context.references.push({ kind: context.endpoint.resource, logical: id, upstream: id })
  context.references.push({ kind, logical: owned.logical, upstream: owned.upstream })
}

/** Ids of a Databricks workspace that do not show their owner: of webhooks, and of models and endpoints in permissions. */
export function* checkWorkspaceIds(context: EvaluationContext): Evaluation<void> {
  const { endpoint, message, environment } = context
  const suffix = environment.modelSuffix
  for (const { value } of placesMeaning(endpoint, message, 'webhook')) {
    const id = typeof value === 'string' ? value : ''
    const model = opaqueId.test(id) ? yield* ask({ about: 'modelOfWebhook', id, suffix }) : null
    requireOwn(context, id, 'model', model, absent.webhook(id))
  }
  for (const { value } of placesMeaning(endpoint, message, 'registeredModelId')) {
    const id = typeof value === 'string' ? value : ''
    const model = opaqueId.test(id) ? yield* ask({ about: 'modelOfId', id, suffix }) : null
    requireOwn(context, id, 'model', model, absent.modelId(id))
  }
  for (const { value } of placesMeaning(endpoint, message, 'servingEndpointId')) {
    const id = typeof value === 'string' ? value : ''
    const name = opaqueId.test(id) ? yield* ask({ about: 'endpointOfId', id }) : null
    requireOwn(context, id, 'endpoint', name, absent.endpointId(id))
  }
  if (endpoint.resource === 'permissions' && !reads(endpoint) && !managesProduction(environment)) {
    // A caller who may grant CAN_MANAGE can bypass the rules for stages.
    throw new Refusal('stage', 'Only callers of a production environment may change its permissions. Ask one of them.')
  }
}
