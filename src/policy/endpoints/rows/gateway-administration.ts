import type { EndpointRow } from '../endpoint.ts'

const administration = { upstreams: ['mlflow'], administrators: true } as const
const endpoint = { ...administration, resource: 'gatewayEndpoint' } as const
const definition = { ...administration, resource: 'modelDefinition' } as const
const secret = { ...administration, resource: 'gatewaySecret' } as const
/** What MLflow writes down as it is said, and reads nothing from. */
const maker = { created_by: 'free' } as const
const changer = { updated_by: 'free' } as const
const endpointId = { endpoint_id: 'gatewayEndpoint' } as const
const definitionId = { model_definition_id: 'modelDefinition' } as const
const secretId = { secret_id: 'gatewaySecret' } as const
const modelConfigs = {
  'model_configs[].model_definition_id': 'modelDefinition', 'model_configs[].linkage_type': 'free',
  'model_configs[].weight': 'free', 'model_configs[].fallback_order': 'free',
} as const
const madeOf = {
  name: 'gatewayEndpointName', ...modelConfigs, routing_strategy: 'free', fallback_config: 'free', experiment_id: 'experiment',
  usage_tracking: 'free',
} as const
const asked = { name: 'modelDefinitionName', ...secretId, provider: 'free', model_name: 'providersModel' } as const
const credentials = { secret_value: 'secretValue', auth_config: 'authConfig' } as const

const binding = { ...endpointId, resource_type: 'free', resource_id: 'boundResource' } as const
const bound = ['endpoint_id', 'resource_type', 'resource_id'] as const
/** What MLflow knows of providers, and of itself: nothing of anybody. */
const known = { ...administration, resource: 'server', method: 'GET', action: 'read', bytes: 'down' } as const

/** The endpoints of the AI gateway themselves, the models behind them and the secrets that these are asked with: each an environment's by its name. */
export const gatewayAdministrationEndpoints = {
  createGatewayEndpoint: {
    ...endpoint, method: 'POST', path: '/mlflow/gateway/endpoints/create', anyExperiment: true, action: 'create', tracksUsage: 'unless-off',
    fields: { ...madeOf, ...maker }, required: ['name', 'model_configs'],
  },
  getGatewayEndpoint: {
    ...endpoint, method: 'GET', path: '/mlflow/gateway/endpoints/get', anyExperiment: true, action: 'read',
    fields: { ...endpointId, name: 'gatewayEndpointName' }, required: [],
  },
  listGatewayEndpoints: {
    ...endpoint, method: 'GET', path: '/mlflow/gateway/endpoints/list', anyExperiment: true, action: 'read', fields: { provider: 'free', ...secretId }, required: [],
  },
  updateGatewayEndpoint: {
    ...endpoint, method: 'POST', path: '/mlflow/gateway/endpoints/update', anyExperiment: true, action: 'update', tracksUsage: 'when-on',
    fields: { ...endpointId, ...madeOf, ...changer }, required: ['endpoint_id'],
  },
  deleteGatewayEndpoint: {
    ...endpoint, method: 'DELETE', path: '/mlflow/gateway/endpoints/delete', action: 'delete', fields: endpointId, required: ['endpoint_id'],
  },
  attachGatewayModel: {
    ...endpoint, method: 'POST', path: '/mlflow/gateway/endpoints/models/attach', action: 'update',
    fields: {
      ...endpointId, 'model_config.model_definition_id': 'modelDefinition', 'model_config.linkage_type': 'free',
      'model_config.weight': 'free', 'model_config.fallback_order': 'free', ...maker,
    },
    required: ['endpoint_id', 'model_config'],
  },
  detachGatewayModel: {
    ...endpoint, method: 'POST', path: '/mlflow/gateway/endpoints/models/detach', action: 'update',
    fields: { ...endpointId, ...definitionId }, required: ['endpoint_id', 'model_definition_id'],
  },
  setGatewayEndpointTag: {
    ...endpoint, method: 'POST', path: '/mlflow/gateway/endpoints/set-tag', action: 'update', repeatable: true,
    fields: { ...endpointId, key: 'free', value: 'free' }, required: ['endpoint_id', 'key'],
  },
  deleteGatewayEndpointTag: {
    ...endpoint, method: 'DELETE', path: '/mlflow/gateway/endpoints/delete-tag', action: 'update', fields: { ...endpointId, key: 'free' },
    required: ['endpoint_id', 'key'],
  },
  createEndpointBinding: {
    ...endpoint, method: 'POST', path: '/mlflow/gateway/endpoints/bindings/create', action: 'update', fields: { ...binding, ...maker },
    required: bound,
  },
  deleteEndpointBinding: {
    ...endpoint, method: 'DELETE', path: '/mlflow/gateway/endpoints/bindings/delete', action: 'update', fields: binding, required: bound,
  },
  listEndpointBindings: {
    ...endpoint, method: 'GET', path: '/mlflow/gateway/endpoints/bindings/list', anyExperiment: true, action: 'read', fields: binding,
    required: [],
  },
  createModelDefinition: {
    ...definition, method: 'POST', path: '/mlflow/gateway/model-definitions/create', action: 'create', fields: { ...asked, ...maker },
    required: ['name', 'secret_id', 'provider', 'model_name'],
  },
  getModelDefinition: {
    ...definition, method: 'GET', path: '/mlflow/gateway/model-definitions/get', action: 'read', fields: definitionId,
    required: ['model_definition_id'],
  },
  listModelDefinitions: {
    ...definition, method: 'GET', path: '/mlflow/gateway/model-definitions/list', action: 'read', fields: { provider: 'free', ...secretId },
    required: [],
  },
  updateModelDefinition: {
    ...definition, method: 'POST', path: '/mlflow/gateway/model-definitions/update', action: 'update',
    fields: { ...definitionId, ...asked, ...changer }, required: ['model_definition_id'],
  },
  deleteModelDefinition: {
    ...definition, method: 'DELETE', path: '/mlflow/gateway/model-definitions/delete', action: 'delete', fields: definitionId,
    required: ['model_definition_id'],
  },
  createGatewaySecret: {
    ...secret, method: 'POST', path: '/mlflow/gateway/secrets/create', action: 'create',
    fields: { secret_name: 'gatewaySecretName', ...credentials, provider: 'free', ...maker }, required: ['secret_name', 'secret_value'],
  },
  getGatewaySecret: {
    ...secret, method: 'GET', path: '/mlflow/gateway/secrets/get', action: 'read',
    fields: { ...secretId, secret_name: 'gatewaySecretName' }, required: ['secret_id'],
  },
  listGatewaySecrets: {
    ...secret, method: 'GET', path: '/mlflow/gateway/secrets/list', action: 'read', fields: { provider: 'free' }, required: [],
  },
  updateGatewaySecret: {
    ...secret, method: 'POST', path: '/mlflow/gateway/secrets/update', action: 'update', fields: { ...secretId, ...credentials, ...changer },
    required: ['secret_id'],
  },
  deleteGatewaySecret: {
    ...secret, method: 'DELETE', path: '/mlflow/gateway/secrets/delete', action: 'delete', fields: secretId, required: ['secret_id'],
  },
  getGatewaySecretsConfig: { ...known, path: '/mlflow/gateway/secrets/config', fields: {}, required: [] },
  listGatewayProviders: { ...known, path: '/mlflow/gateway/supported-providers', fields: {}, required: [] },
  listProviderModels: {
    ...known, path: '/mlflow/gateway/supported-models', request: 'handmade.OfProvider', fields: { provider: 'free' }, required: [],
  },
  getProviderConfig: {
    ...known, path: '/mlflow/gateway/provider-config', request: 'handmade.OfProvider', fields: { provider: 'free' }, required: [],
  },
} as const satisfies Record<string, EndpointRow>
