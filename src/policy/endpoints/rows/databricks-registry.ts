import type { EndpointRow } from '../endpoint.ts'

const workspace = { upstreams: ['databricks'] } as const
const version = { ...workspace, resource: 'modelVersion' } as const
const id = { name: 'modelName', version: 'version' } as const
const request = { ...id, stage: 'stage', comment: 'free' } as const
const byRequest = { required: ['name', 'version', 'stage'] } as const
const webhook = { ...workspace, resource: 'webhook' } as const
const hook = {
  description: 'free', events: 'free', status: 'free',
  'http_url_spec.url': 'link', 'http_url_spec.enable_ssl_verification': 'free', 'http_url_spec.secret': 'free',
  'http_url_spec.authorization': 'free',
  // The workspace calls it, from where Databricks is: a job as whoever the token is.
  'job_spec.workspace_url': 'link', 'job_spec.job_id': 'free', 'job_spec.access_token': 'free',
} as const
const permissions = {
  ...workspace, resource: 'permissions', path: '/permissions/registered-models/{registered_model_id}', required: ['registered_model_id'],
} as const
const runs = { upstreams: ['databricks', 'unityCatalog'], resource: 'run', method: 'POST', required: ['experiment_id'] } as const

/** What only the registry and the runs of a Databricks workspace have. */
export const databricksRegistryEndpoints = {
  getDatabricksRegisteredModel: {
    ...workspace, resource: 'registeredModel', method: 'GET', path: '/mlflow/databricks/registered-models/get', action: 'read',
    fields: { name: 'modelName' }, required: ['name'],
  },
  transitionDatabricksStage: {
    ...version, method: 'POST', path: '/mlflow/databricks/model-versions/transition-stage', action: 'transition',
    fields: { ...request, archive_existing_versions: 'archiveExisting' }, ...byRequest,
  },
  createTransitionRequest: {
    ...version, method: 'POST', path: '/mlflow/transition-requests/create', action: 'create', fields: request, ...byRequest,
  },
  approveTransitionRequest: {
    ...version, method: 'POST', path: '/mlflow/transition-requests/approve', action: 'transition',
    fields: { ...request, archive_existing_versions: 'archiveExisting' }, ...byRequest,
  },
  rejectTransitionRequest: {
    ...version, method: 'POST', path: '/mlflow/transition-requests/reject', action: 'transition', fields: request, ...byRequest,
  },
  listTransitionRequests: {
    ...version, method: 'GET', path: '/mlflow/transition-requests/list', action: 'read', fields: id, required: ['name', 'version'],
  },
  deleteTransitionRequest: {
    ...version, method: 'DELETE', path: '/mlflow/transition-requests/delete', action: 'delete', inQuery: true,
    fields: { ...request, creator: 'free' }, required: ['name', 'version', 'stage', 'creator'],
  },
  createComment: {
    ...version, method: 'POST', path: '/mlflow/comments/create', action: 'create',
    fields: { ...id, comment: 'free' }, required: ['name', 'version', 'comment'],
  },
  createRegistryWebhook: {
    ...webhook, method: 'POST', path: '/mlflow/registry-webhooks/create', action: 'create',
    fields: { model_name: 'modelName', ...hook }, required: ['model_name'],
  },
  listRegistryWebhooks: {
    ...webhook, method: 'GET', path: '/mlflow/registry-webhooks/list', action: 'search',
    fields: { model_name: 'modelName', events: 'free', max_results: 'maxResults', page_token: 'pageToken' }, required: [],
    search: { rows: 'webhooks', pageSize: 100, maxPageSize: 100, nameColumn: null },
  },
  updateRegistryWebhook: {
    ...webhook, method: 'PATCH', path: '/mlflow/registry-webhooks/update', action: 'update',
    fields: { id: 'webhook', ...hook }, required: ['id'],
  },
  testRegistryWebhook: {
    ...webhook, method: 'POST', path: '/mlflow/registry-webhooks/test', action: 'update',
    fields: { id: 'webhook', event: 'free' }, required: ['id'],
  },
  deleteRegistryWebhook: {
    ...webhook, method: 'DELETE', path: '/mlflow/registry-webhooks/delete', action: 'delete', inQuery: true,
    fields: { id: 'webhook' }, required: ['id'],
  },
  getModelPermissions: {
    ...permissions, method: 'GET', action: 'read', fields: { registered_model_id: 'registeredModelId' },
  },
  setModelPermissions: {
    ...permissions, method: 'PUT', action: 'update',
    fields: { registered_model_id: 'registeredModelId', access_control_list: 'free' },
  },
  updateModelPermissions: {
    ...permissions, method: 'PATCH', action: 'update',
    fields: { registered_model_id: 'registeredModelId', access_control_list: 'free' },
  },
  getModelPermissionLevels: {
    ...permissions, method: 'GET', path: '/permissions/registered-models/{registered_model_id}/permissionLevels', action: 'read',
    fields: { registered_model_id: 'registeredModelId' },
  },
  deleteRuns: {
    ...runs, path: '/mlflow/databricks/runs/delete-runs', action: 'delete',
    fields: { experiment_id: 'experiment', max_timestamp_millis: 'free', max_runs: 'free' },
  },
  restoreRuns: {
    ...runs, path: '/mlflow/databricks/runs/restore-runs', action: 'update',
    fields: { experiment_id: 'experiment', min_timestamp_millis: 'free', max_runs: 'free' },
  },
} as const satisfies Record<string, EndpointRow>
