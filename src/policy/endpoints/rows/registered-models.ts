import { type EndpointRow, everyUpstream } from '../endpoint.ts'

const model = { resource: 'registeredModel' } as const
const byName = { required: ['name'] } as const
/** The workspace registry of Databricks has stages alone, and Unity Catalog aliases alone. */
const notInWorkspaces = { upstreams: ['mlflow', 'unityCatalog'] } as const
const staged = { upstreams: ['mlflow', 'databricks'] } as const
const latest = {
  ...model, path: '/mlflow/registered-models/get-latest-versions', action: 'read', fields: { name: 'modelName', stages: 'stages' }, ...byName,
  ...staged,
} as const

export const registeredModelEndpoints = {
  createRegisteredModel: {
    ...model, upstreams: everyUpstream, method: 'POST', path: '/mlflow/registered-models/create', action: 'create',
    fields: { name: 'newModelName', tags: 'free', description: 'free', deployment_job_id: 'free' }, ...byName,
  },
  renameRegisteredModel: {
    ...model, upstreams: everyUpstream, method: 'POST', path: '/mlflow/registered-models/rename', action: 'update',
    fields: { name: 'modelName', new_name: 'newModelName' }, required: ['name', 'new_name'],
  },
  updateRegisteredModel: {
    ...model, upstreams: everyUpstream, method: 'PATCH', path: '/mlflow/registered-models/update', action: 'update', repeatable: true,
    fields: { name: 'modelName', description: 'free', deployment_job_id: 'free' }, ...byName,
  },
  deleteRegisteredModel: {
    ...model, upstreams: everyUpstream, method: 'DELETE', path: '/mlflow/registered-models/delete', action: 'delete',
    fields: { name: 'modelName' }, ...byName,
  },
  getRegisteredModel: {
    ...model, upstreams: everyUpstream, method: 'GET', path: '/mlflow/registered-models/get', action: 'read',
    fields: { name: 'modelName' }, ...byName,
  },
  searchRegisteredModels: {
    ...model, upstreams: everyUpstream, method: 'GET', path: '/mlflow/registered-models/search', action: 'search',
    fields: { filter: 'filter', max_results: 'maxResults', order_by: 'orderBy', page_token: 'pageToken' }, required: [],
    search: { rows: 'registered_models', pageSize: 100, maxPageSize: 1000, nameColumn: 'modelName' },
  },
  // databricks-sdk's list_models, and MLflow 1's: gone from open-source servers.
  listRegisteredModels: {
    ...model, method: 'GET', path: '/mlflow/registered-models/list', action: 'search', upstreams: ['databricks', 'unityCatalog'],
    sentAs: { method: 'GET', path: '/mlflow/registered-models/search' },
    fields: { max_results: 'maxResults', page_token: 'pageToken' }, required: [],
    search: { rows: 'registered_models', pageSize: 100, maxPageSize: 1000, nameColumn: 'modelName' },
  },
  getLatestVersions: { ...latest, method: 'GET' },
  getLatestVersionsPost: { ...latest, method: 'POST' },
  setRegisteredModelTag: {
    ...model, upstreams: everyUpstream, method: 'POST', path: '/mlflow/registered-models/set-tag', action: 'update', repeatable: true,
    fields: { name: 'modelName', key: 'free', value: 'free' }, ...byName,
  },
  deleteRegisteredModelTag: {
    ...model, upstreams: everyUpstream, method: 'DELETE', path: '/mlflow/registered-models/delete-tag', action: 'update',
    fields: { name: 'modelName', key: 'free' }, ...byName,
  },
  setRegisteredModelAlias: {
    ...model, ...notInWorkspaces, method: 'POST', path: '/mlflow/registered-models/alias', action: 'update',
    fields: { name: 'modelName', alias: 'alias', version: 'version' }, required: ['name', 'alias', 'version'],
  },
  deleteRegisteredModelAlias: {
    ...model, ...notInWorkspaces, method: 'DELETE', path: '/mlflow/registered-models/alias', action: 'update',
    fields: { name: 'modelName', alias: 'alias' }, required: ['name', 'alias'],
  },
  getModelVersionByAlias: {
    ...model, ...notInWorkspaces, method: 'GET', path: '/mlflow/registered-models/alias', action: 'read',
    fields: { name: 'modelName', alias: 'alias' }, required: ['name', 'alias'],
  },
} as const satisfies Record<string, EndpointRow>
