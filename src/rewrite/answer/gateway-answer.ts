import { renameInScorer } from '../../policy/genai/scorer-text.ts'
import type { GrantContext } from '../../policy/grant.ts'
import type { JsonObject } from '../../policy/messages/json/json.ts'
import type { NameKind } from '../../policy/names/name-form.ts'
import { ownStored } from '../../policy/names/names.ts'

/** The own name, or nothing: an own thing may be made of what is not, where those who run the server made it so. */
export const shownAs =
  (kind: NameKind) =>
  (stored: string, context: GrantContext): string =>
    ownStored(context, kind, stored)?.logical ?? ''

const isOwn = (kind: NameKind, field: string) => (row: JsonObject, context: GrantContext) => {
  const name = row.get(field)
  return typeof name === 'string' && ownStored(context, kind, name) !== null
}

/** A scorer's text in the caller's names; an endpoint that is not theirs is none, as MLflow says of one that is gone. */
export function clientScorer(text: string, context: GrantContext): string {
  return renameInScorer(text, (name) => ownStored(context, 'gateway', name)?.logical ?? null)
}

/** Which things of the AI gateway the caller may see. */
export const visibleGateway: Readonly<Record<string, (row: JsonObject, context: GrantContext) => boolean>> = {
  'handmade.GatewayModel': isOwn('gateway', 'id'),
  'mlflow.GatewayEndpointBinding': (row, { admitted }) => admitted.has(String(row.get('endpoint_id') ?? '')),
  'mlflow.GatewayEndpoint': isOwn('gateway', 'name'),
  'mlflow.GatewayModelDefinition': isOwn('modelDefinition', 'name'),
  'mlflow.GatewaySecretInfo': isOwn('gatewaySecret', 'secret_name'),
}

const itself = 'the id of the row itself, whose name was judged'
const pointed = 'an id whose name is judged wherever it is said, and that opens nothing by itself'

/** Fields of the AI gateway's answers that pass as they are, each with the reason. */
export const reviewedGatewayFields: Readonly<Record<string, string>> = {
  'mlflow.GatewayEndpoint.endpoint_id': itself,
  'mlflow.GatewayEndpoint.tags': 'what the caller’s own environment wrote; MLflow reads nothing from them',
  'mlflow.GatewayEndpointBinding.display_name': 'the name of the scorer, which its own environment bound',
  'mlflow.GatewayEndpointBinding.endpoint_id': 'the endpoint, whose name was judged',
  'mlflow.GatewayEndpointBinding.resource_id': pointed,
  'mlflow.GatewayEndpointModelMapping.endpoint_id': 'the endpoint that it is a part of',
  'mlflow.GatewayEndpointModelMapping.mapping_id': 'a number of a part, which no request takes',
  'mlflow.GatewayEndpointModelMapping.model_definition_id': pointed,
  'mlflow.GatewayModelDefinition.model_definition_id': itself,
  'mlflow.GatewayModelDefinition.model_name': 'what the provider calls its model',
  'mlflow.GatewayModelDefinition.secret_id': pointed,
  'mlflow.GatewaySecretInfo.secret_id': itself,
}
