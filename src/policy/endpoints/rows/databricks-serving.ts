import type { EndpointRow } from '../endpoint.ts'

const workspace = { upstreams: ['databricks', 'unityCatalog'] } as const
const serving = { ...workspace, resource: 'servingEndpoint' } as const
const name = { name: 'servingEndpointName' } as const
const byName = { required: ['name'] } as const
const made = { ...name, config: 'servingConfig', ai_gateway: 'aiGateway', budget_policy_id: 'ofWorkspace', email_notifications: 'free', tags: 'free' } as const
/** As OpenAI's and Anthropic's clients ask: the endpoint is the body's `model`. */
const byModel = {
  ...serving, method: 'POST', action: 'read', bytes: 'both', opaque: true, sharedToo: true, fields: { model: 'servingEndpointName' },
  required: ['model'], request: 'handmade.GatewayCall', response: 'handmade.Empty',
} as const
const logs = { fields: { ...name, served_model_name: 'servedName' }, required: ['name', 'served_model_name'] } as const
const permissions = {
  ...workspace, resource: 'permissions', path: '/permissions/serving-endpoints/{serving_endpoint_id}', required: ['serving_endpoint_id'],
} as const
const byId = { serving_endpoint_id: 'servingEndpointId' } as const

/** Model serving of a Databricks workspace: an endpoint belongs to an environment by its name, as a model does. */
export const databricksServingEndpoints = {
  listServingEndpoints: {
    ...serving, method: 'GET', path: '/serving-endpoints', action: 'read', fields: {}, required: [], slashToo: true,
  },
  createServingEndpoint: {
    ...serving, method: 'POST', path: '/serving-endpoints', action: 'create', ...byName, slashToo: true,
    fields: { ...made, description: 'free', rate_limits: 'olderRateLimits', route_optimized: 'ofWorkspace', telemetry_config: 'ofWorkspace' },
  },
  createProvisionedServingEndpoint: {
    ...serving, method: 'POST', path: '/serving-endpoints/pt', action: 'create', fields: made, ...byName,
  },
  getServingEndpoint: {
    ...serving, method: 'GET', path: '/serving-endpoints/{name}', action: 'read', fields: name, ...byName, sharedToo: true,
  },
  updateServingConfig: {
    ...serving, method: 'PUT', path: '/serving-endpoints/{name}/config', action: 'update', ...byName,
    fields: { ...name, served_entities: 'servedEntities', served_models: 'servedEntities', auto_capture_config: 'ofWorkspace', traffic_config: 'free' },
  },
  updateProvisionedServingConfig: {
    ...serving, method: 'PUT', path: '/serving-endpoints/pt/{name}/config', action: 'update', ...byName,
    fields: { ...name, config: 'servingConfig' },
  },
  deleteServingEndpoint: {
    ...serving, method: 'DELETE', path: '/serving-endpoints/{name}', action: 'delete', fields: name, ...byName, inQuery: true,
  },
  tagServingEndpoint: {
    ...serving, method: 'PATCH', path: '/serving-endpoints/{name}/tags', action: 'update', ...byName,
    fields: { ...name, add_tags: 'free', delete_tags: 'free' },
  },
  notifyOfServingEndpoint: {
    ...serving, method: 'PATCH', path: '/serving-endpoints/{name}/notifications', action: 'update', ...byName,
    fields: { ...name, email_notifications: 'free' },
  },
  limitServingEndpoint: {
    ...serving, method: 'PUT', path: '/serving-endpoints/{name}/rate-limits', action: 'update', ...byName,
    fields: { ...name, rate_limits: 'olderRateLimits' },
  },
  setServingGateway: {
    ...serving, method: 'PUT', path: '/serving-endpoints/{name}/ai-gateway', action: 'update', ...byName,
    fields: { ...name, fallback_config: 'free', guardrails: 'free', inference_table_config: 'ofWorkspace', rate_limits: 'gatewayRateLimits', usage_tracking_config: 'free' },
  },
  getServingLogs: {
    ...serving, method: 'GET', path: '/serving-endpoints/{name}/served-models/{served_model_name}/logs', action: 'read', ...logs,
  },
  getServingBuildLogs: {
    ...serving, method: 'GET', path: '/serving-endpoints/{name}/served-models/{served_model_name}/build-logs', action: 'read', ...logs,
  },
  getServingMetrics: {
    ...serving, method: 'GET', path: '/serving-endpoints/{name}/metrics', action: 'read', fields: name, ...byName, bytes: 'down',
  },
  getServingSchema: {
    ...serving, method: 'GET', path: '/serving-endpoints/{name}/openapi', action: 'read', fields: name, ...byName, bytes: 'down',
  },
  // What is asked of a model names nothing that has an owner: it goes through as bytes.
  queryServingEndpoint: {
    ...serving, method: 'POST', path: '/serving-endpoints/{name}/invocations', action: 'read', fields: name, ...byName, bytes: 'both',
    sharedToo: true, request: 'handmade.Empty', response: 'handmade.Empty',
  },
  chatWithServingEndpoint: { ...byModel, path: '/serving-endpoints/chat/completions' },
  completeByServingEndpoint: { ...byModel, path: '/serving-endpoints/completions' },
  embedByServingEndpoint: { ...byModel, path: '/serving-endpoints/embeddings' },
  respondByServingEndpoint: { ...byModel, path: '/serving-endpoints/responses' },
  messageServingEndpoint: { ...byModel, path: '/serving-endpoints/anthropic/v1/messages' },
  getServingPermissions: { ...permissions, method: 'GET', action: 'read', fields: byId },
  setServingPermissions: { ...permissions, method: 'PUT', action: 'update', fields: { ...byId, access_control_list: 'free' } },
  updateServingPermissions: { ...permissions, method: 'PATCH', action: 'update', fields: { ...byId, access_control_list: 'free' } },
  getServingPermissionLevels: {
    ...permissions, method: 'GET', path: '/permissions/serving-endpoints/{serving_endpoint_id}/permissionLevels', action: 'read', fields: byId,
  },
} as const satisfies Record<string, EndpointRow>
