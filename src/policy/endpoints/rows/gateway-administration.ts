import { type EndpointRow, rowsOf } from '../endpoint.ts'

const endpoint = rowsOf('gatewayEndpoint', ['mlflow'], { administrators: true })
const definition = rowsOf('modelDefinition', ['mlflow'], { administrators: true })
const secret = rowsOf('gatewaySecret', ['mlflow'], { administrators: true })
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
const bound = ['endpoint_id', 'resource_type', 'resource_id']
/** What MLflow knows of providers, and of itself: nothing of anybody. */
const known = rowsOf('server', ['mlflow'], { administrators: true, bytes: 'down' })

/** The endpoints of the AI gateway themselves, the models behind them and the secrets that these are asked with: each an environment's by its name. */
export const gatewayAdministrationEndpoints = {
  createGatewayEndpoint: endpoint('POST', '/mlflow/gateway/endpoints/create', 'create',
    { ...madeOf, ...maker }, ['name', 'model_configs'], { anyExperiment: true, tracksUsage: 'unless-off' }),
  getGatewayEndpoint: endpoint('GET', '/mlflow/gateway/endpoints/get', 'read',
    { ...endpointId, name: 'gatewayEndpointName' }, [], { anyExperiment: true }),
  listGatewayEndpoints: endpoint('GET', '/mlflow/gateway/endpoints/list', 'read',
    { provider: 'free', ...secretId }, [], { anyExperiment: true }),
  updateGatewayEndpoint: endpoint('POST', '/mlflow/gateway/endpoints/update', 'update',
    { ...endpointId, ...madeOf, ...changer }, ['endpoint_id'], { anyExperiment: true, tracksUsage: 'when-on' }),
  deleteGatewayEndpoint: endpoint('DELETE', '/mlflow/gateway/endpoints/delete', 'delete', endpointId, ['endpoint_id']),
  attachGatewayModel: endpoint('POST', '/mlflow/gateway/endpoints/models/attach', 'update', {
    ...endpointId, 'model_config.model_definition_id': 'modelDefinition', 'model_config.linkage_type': 'free',
    'model_config.weight': 'free', 'model_config.fallback_order': 'free', ...maker,
  }, ['endpoint_id', 'model_config']),
  detachGatewayModel: endpoint('POST', '/mlflow/gateway/endpoints/models/detach', 'update',
    { ...endpointId, ...definitionId }, ['endpoint_id', 'model_definition_id']),
  setGatewayEndpointTag: endpoint('POST', '/mlflow/gateway/endpoints/set-tag', 'update',
    { ...endpointId, key: 'free', value: 'free' }, ['endpoint_id', 'key'], { repeatable: true, tagKey: 'key' }),
  deleteGatewayEndpointTag: endpoint('DELETE', '/mlflow/gateway/endpoints/delete-tag', 'update',
    { ...endpointId, key: 'free' }, ['endpoint_id', 'key'], { tagKey: 'key' }),
  createEndpointBinding: endpoint('POST', '/mlflow/gateway/endpoints/bindings/create', 'update', { ...binding, ...maker }, bound),
  deleteEndpointBinding: endpoint('DELETE', '/mlflow/gateway/endpoints/bindings/delete', 'update', binding, bound),
  listEndpointBindings: endpoint('GET', '/mlflow/gateway/endpoints/bindings/list', 'read', binding, [], { anyExperiment: true }),
  createModelDefinition: definition('POST', '/mlflow/gateway/model-definitions/create', 'create',
    { ...asked, ...maker }, ['name', 'secret_id', 'provider', 'model_name']),
  getModelDefinition: definition('GET', '/mlflow/gateway/model-definitions/get', 'read', definitionId, ['model_definition_id']),
  listModelDefinitions: definition('GET', '/mlflow/gateway/model-definitions/list', 'read', { provider: 'free', ...secretId }),
  updateModelDefinition: definition('POST', '/mlflow/gateway/model-definitions/update', 'update',
    { ...definitionId, ...asked, ...changer }, ['model_definition_id']),
  deleteModelDefinition: definition('DELETE', '/mlflow/gateway/model-definitions/delete', 'delete',
    definitionId, ['model_definition_id']),
  createGatewaySecret: secret('POST', '/mlflow/gateway/secrets/create', 'create',
    { secret_name: 'gatewaySecretName', ...credentials, provider: 'free', ...maker }, ['secret_name', 'secret_value']),
  getGatewaySecret: secret('GET', '/mlflow/gateway/secrets/get', 'read',
    { ...secretId, secret_name: 'gatewaySecretName' }, ['secret_id']),
  listGatewaySecrets: secret('GET', '/mlflow/gateway/secrets/list', 'read', { provider: 'free' }),
  updateGatewaySecret: secret('POST', '/mlflow/gateway/secrets/update', 'update',
    { ...secretId, ...credentials, ...changer }, ['secret_id']),
  deleteGatewaySecret: secret('DELETE', '/mlflow/gateway/secrets/delete', 'delete', secretId, ['secret_id']),
  getGatewaySecretsConfig: known('GET', '/mlflow/gateway/secrets/config', 'read', {}),
  listGatewayProviders: known('GET', '/mlflow/gateway/supported-providers', 'read', {}),
  listProviderModels: known('GET', '/mlflow/gateway/supported-models', 'read',
    { provider: 'free' }, [], { request: 'handmade.OfProvider' }),
  getProviderConfig: known('GET', '/mlflow/gateway/provider-config', 'read',
    { provider: 'free' }, [], { request: 'handmade.OfProvider' }),
} satisfies Record<string, EndpointRow>
