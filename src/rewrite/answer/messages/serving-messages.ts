import { shapeOf } from '../../../policy/messages/message-shape.ts'
import { type Declaration, type Declarations, type Passed, partOf, passes } from '../declaration.ts'

const served = passes('what the endpoint calls it; the proxy gives it the caller’s own words')
const tables = passes('tables that administrators chose in the workspace, which has rights of its own')
const billing = passes('of the workspace’s bills; it opens nothing')
const tags = passes('what the endpoint’s own environment wrote, or whoever shares it')
const offered = passes('a model that the workspace offers to everybody')
const ofEndpoint = partOf('a serving endpoint')

/** How an external model is reached, by the fields that say it: shown only where all that it names is the caller's. */
const accounts: readonly (readonly [field: string, message: string])[] = [...shapeOf('databricks.ExternalModel').fields].flatMap(
  ([field, { message }]) => (message === undefined ? [] : [[field, message] as const]),
)

function account(message: string): Declaration {
  const shown = passes('of an account with a provider, which is shown only where all that it names is the caller’s')
  return {
    owner: { by: 'account' },
    fields: Object.fromEntries([...shapeOf(message).fields.keys()].map((field) => [field, shown])),
  }
}

/** What an endpoint serves without a model's name names nothing of anybody. */
function servedBy(field: string): Declaration {
  return {
    owner: { by: 'servedModelName', field },
    stage: { untold: 'an endpoint of the caller’s own serves it, and whoever made that was asked for the stage' },
    fields: { [field]: 'servedModelName', name: served },
  }
}

const endpointFields: Readonly<Record<string, 'endpointName' | Passed>> = {
  name: 'endpointName',
  budget_policy_id: billing,
  id: passes('the id by which permissions know the endpoint that was judged'),
  tags,
}
const endpoint = { owner: { by: 'servingEndpointName', field: 'name' }, inside: 'servingEndpoint' } as const

/** Serving endpoints of a Databricks workspace, and what they serve. */
export const servingMessages: Declarations = {
  'databricks.ServingEndpoint': { ...endpoint, fields: { ...endpointFields, usage_policy_id: billing } },
  // Addresses of their own lead past the proxy.
  'databricks.ServingEndpointDetailed': {
    ...endpoint,
    fields: { ...endpointFields, endpoint_url: 'withheld', data_plane_info: 'withheld' },
  },
  'databricks.UpdateInferenceEndpointNotificationsResponse': {
    owner: partOf('the endpoint that was asked for'),
    fields: { name: 'endpointName' },
  },
  'databricks.EndpointTags': { owner: partOf('the endpoint that was asked for'), fields: { tags } },
  'databricks.ServedEntityOutput': servedBy('entity_name'),
  'databricks.ServedEntitySpec': servedBy('entity_name'),
  'databricks.ServedModelOutput': servedBy('model_name'),
  'databricks.ServedModelSpec': servedBy('model_name'),
  'databricks.Route': { owner: ofEndpoint, fields: { served_entity_name: served, served_model_name: served } },
  'databricks.FoundationModel': { owner: ofEndpoint, fields: { display_name: offered, name: offered } },
  'databricks.AiGatewayInferenceTableConfig': { owner: ofEndpoint, fields: { catalog_name: tables, schema_name: tables } },
  'databricks.AutoCaptureConfigOutput': { owner: ofEndpoint, fields: { catalog_name: tables, schema_name: tables } },
  'databricks.PayloadTable': { owner: ofEndpoint, fields: { name: tables } },
  'databricks.TelemetryConfig': { owner: ofEndpoint, fields: { telemetry_profile_id: tables } },
  'databricks.TelemetryInferenceTableConfig': { owner: ofEndpoint, fields: { name: tables } },
  'databricks.ExternalModel': {
    owner: ofEndpoint,
    fields: {
      name: passes('a model of a provider outside'),
      ...Object.fromEntries(accounts.map(([field]) => [field, 'ownPart' as const])),
    },
  },
  ...Object.fromEntries(accounts.map(([, message]) => [message, account(message)])),
}
