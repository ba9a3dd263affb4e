import { type EndpointRow, rowsOf } from '../endpoint.ts'

const model = rowsOf('registeredModel', ['databricks'])
const version = rowsOf('modelVersion', ['databricks'])
const id = { name: 'modelName', version: 'version' } as const
const request = { ...id, stage: 'stage', comment: 'free' } as const
const byRequest = ['name', 'version', 'stage']
const webhook = rowsOf('webhook', ['databricks'])
const hook = {
  description: 'free', events: 'free', status: 'free',
  'http_url_spec.url': 'link', 'http_url_spec.enable_ssl_verification': 'free', 'http_url_spec.secret': 'free',
  'http_url_spec.authorization': 'free',
  // The workspace calls it, from where Databricks is: a job as whoever the token is.
  'job_spec.workspace_url': 'link', 'job_spec.job_id': 'free', 'job_spec.access_token': 'free',
} as const
const permissions = rowsOf('permissions', ['databricks'])
const ofModel = '/permissions/registered-models/{registered_model_id}'
const modelId = { registered_model_id: 'registeredModelId' } as const
const byModelId = ['registered_model_id']
const run = rowsOf('run', ['databricks', 'unityCatalog'])

/** What only the registry and the runs of a Databricks workspace have. */
export const databricksRegistryEndpoints = {
  getDatabricksRegisteredModel: model('GET', '/mlflow/databricks/registered-models/get', 'read', { name: 'modelName' }, ['name']),
  transitionDatabricksStage: version('POST', '/mlflow/databricks/model-versions/transition-stage', 'transition',
    { ...request, archive_existing_versions: 'archiveExisting' }, byRequest),
  createTransitionRequest: version('POST', '/mlflow/transition-requests/create', 'create', request, byRequest),
  approveTransitionRequest: version('POST', '/mlflow/transition-requests/approve', 'transition',
    { ...request, archive_existing_versions: 'archiveExisting' }, byRequest),
  rejectTransitionRequest: version('POST', '/mlflow/transition-requests/reject', 'transition', request, byRequest),
  listTransitionRequests: version('GET', '/mlflow/transition-requests/list', 'read', id, ['name', 'version']),
  deleteTransitionRequest: version('DELETE', '/mlflow/transition-requests/delete', 'delete',
    { ...request, creator: 'free' }, ['name', 'version', 'stage', 'creator'], { inQuery: true }),
  createComment: version('POST', '/mlflow/comments/create', 'create', { ...id, comment: 'free' }, ['name', 'version', 'comment']),
  createRegistryWebhook: webhook('POST', '/mlflow/registry-webhooks/create', 'create',
    { model_name: 'modelName', ...hook }, ['model_name']),
  listRegistryWebhooks: webhook('GET', '/mlflow/registry-webhooks/list', 'search',
    { model_name: 'modelName', events: 'free', max_results: 'maxResults', page_token: 'pageToken' }, [],
    { search: { rows: 'webhooks', pageSize: 100, maxPageSize: 100, nameColumn: null } }),
  updateRegistryWebhook: webhook('PATCH', '/mlflow/registry-webhooks/update', 'update', { id: 'webhook', ...hook }, ['id']),
  testRegistryWebhook: webhook('POST', '/mlflow/registry-webhooks/test', 'update', { id: 'webhook', event: 'free' }, ['id']),
  deleteRegistryWebhook: webhook('DELETE', '/mlflow/registry-webhooks/delete', 'delete', { id: 'webhook' }, ['id'], { inQuery: true }),
  getModelPermissions: permissions('GET', ofModel, 'read', modelId, byModelId),
  setModelPermissions: permissions('PUT', ofModel, 'update', { ...modelId, access_control_list: 'free' }, byModelId),
  updateModelPermissions: permissions('PATCH', ofModel, 'update', { ...modelId, access_control_list: 'free' }, byModelId),
  getModelPermissionLevels: permissions('GET', `${ofModel}/permissionLevels`, 'read', modelId, byModelId),
  deleteRuns: run('POST', '/mlflow/databricks/runs/delete-runs', 'delete',
    { experiment_id: 'experiment', max_timestamp_millis: 'free', max_runs: 'free' }, ['experiment_id']),
  restoreRuns: run('POST', '/mlflow/databricks/runs/restore-runs', 'update',
    { experiment_id: 'experiment', min_timestamp_millis: 'free', max_runs: 'free' }, ['experiment_id']),
} satisfies Record<string, EndpointRow>
