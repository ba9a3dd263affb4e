import { type EndpointRow, rowsOf } from '../endpoint.ts'

const serving = rowsOf('servingEndpoint', ['databricks', 'unityCatalog'])
const name = { name: 'servingEndpointName' } as const
const byName = ['name']
const made = { ...name, config: 'servingConfig', ai_gateway: 'aiGateway', budget_policy_id: 'ofWorkspace', email_notifications: 'free', tags: 'free' } as const
/** As OpenAI's and Anthropic's clients ask: the endpoint is the body's `model`. */
const byModel = (path: `/${string}`) =>
  serving('POST', path, 'read', { model: 'servingEndpointName' }, ['model'],
    { bytes: 'both', opaque: true, sharedToo: true, request: 'handmade.GatewayCall', response: 'handmade.Empty' })
const logged = { ...name, served_model_name: 'servedName' } as const
const byLogged = ['name', 'served_model_name']
const permissions = rowsOf('permissions', ['databricks', 'unityCatalog'])
const ofEndpoint = '/permissions/serving-endpoints/{serving_endpoint_id}'
const id = { serving_endpoint_id: 'servingEndpointId' } as const
const byId = ['serving_endpoint_id']

/** Model serving of a Databricks workspace: an endpoint belongs to an environment by its name, as a model does. */
export const databricksServingEndpoints = {
  listServingEndpoints: serving('GET', '/serving-endpoints', 'read', {}, [], { slashToo: true }),
  createServingEndpoint: serving('POST', '/serving-endpoints', 'create',
    { ...made, description: 'free', rate_limits: 'olderRateLimits', route_optimized: 'ofWorkspace', telemetry_config: 'ofWorkspace' },
    byName, { slashToo: true }),
  createProvisionedServingEndpoint: serving('POST', '/serving-endpoints/pt', 'create', made, byName),
  getServingEndpoint: serving('GET', '/serving-endpoints/{name}', 'read', name, byName, { sharedToo: true }),
  updateServingConfig: serving('PUT', '/serving-endpoints/{name}/config', 'update', {
    ...name, served_entities: 'servedEntities', served_models: 'servedEntities', auto_capture_config: 'ofWorkspace',
    traffic_config: 'free',
  }, byName),
  updateProvisionedServingConfig: serving('PUT', '/serving-endpoints/pt/{name}/config', 'update',
    { ...name, config: 'servingConfig' }, byName),
  deleteServingEndpoint: serving('DELETE', '/serving-endpoints/{name}', 'delete', name, byName, { inQuery: true }),
  tagServingEndpoint: serving('PATCH', '/serving-endpoints/{name}/tags', 'update',
    { ...name, add_tags: 'free', delete_tags: 'free' }, byName),
  notifyOfServingEndpoint: serving('PATCH', '/serving-endpoints/{name}/notifications', 'update',
    { ...name, email_notifications: 'free' }, byName),
  limitServingEndpoint: serving('PUT', '/serving-endpoints/{name}/rate-limits', 'update',
    { ...name, rate_limits: 'olderRateLimits' }, byName),
  setServingGateway: serving('PUT', '/serving-endpoints/{name}/ai-gateway', 'update', {
    ...name, fallback_config: 'free', guardrails: 'free', inference_table_config: 'ofWorkspace', rate_limits: 'gatewayRateLimits',
    usage_tracking_config: 'free',
  }, byName),
  getServingLogs: serving('GET', '/serving-endpoints/{name}/served-models/{served_model_name}/logs', 'read', logged, byLogged),
  getServingBuildLogs: serving('GET', '/serving-endpoints/{name}/served-models/{served_model_name}/build-logs', 'read', logged, byLogged),
  getServingMetrics: serving('GET', '/serving-endpoints/{name}/metrics', 'read', name, byName, { bytes: 'down' }),
  getServingSchema: serving('GET', '/serving-endpoints/{name}/openapi', 'read', name, byName, { bytes: 'down' }),
  // What is asked of a model names nothing that has an owner: it goes through as bytes.
  queryServingEndpoint: serving('POST', '/serving-endpoints/{name}/invocations', 'read',
    name, byName, { bytes: 'both', sharedToo: true, request: 'handmade.Empty', response: 'handmade.Empty' }),
  chatWithServingEndpoint: byModel('/serving-endpoints/chat/completions'),
  completeByServingEndpoint: byModel('/serving-endpoints/completions'),
  embedByServingEndpoint: byModel('/serving-endpoints/embeddings'),
  respondByServingEndpoint: byModel('/serving-endpoints/responses'),
  messageServingEndpoint: byModel('/serving-endpoints/anthropic/v1/messages'),
  getServingPermissions: permissions('GET', ofEndpoint, 'read', id, byId),
  setServingPermissions: permissions('PUT', ofEndpoint, 'update', { ...id, access_control_list: 'free' }, byId),
  updateServingPermissions: permissions('PATCH', ofEndpoint, 'update', { ...id, access_control_list: 'free' }, byId),
  getServingPermissionLevels: permissions('GET', `${ofEndpoint}/permissionLevels`, 'read', id, byId),
} satisfies Record<string, EndpointRow>
