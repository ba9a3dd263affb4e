import { type EndpointRow, everyUpstream, rowsOf } from '../endpoint.ts'

const everywhere = rowsOf('registeredModel', everyUpstream)
const inWorkspaces = rowsOf('registeredModel', ['databricks', 'unityCatalog'])
/** The workspace registry of Databricks has stages alone, and Unity Catalog aliases alone. */
const staged = rowsOf('registeredModel', ['mlflow', 'databricks'])
const aliased = rowsOf('registeredModel', ['mlflow', 'unityCatalog'])
const id = { name: 'modelName' } as const
const byName = ['name']
const search = { rows: 'registered_models', pageSize: 100, maxPageSize: 1000, nameColumn: 'modelName' } as const
const latest = { ...id, stages: 'stages' } as const

export const registeredModelEndpoints = {
  createRegisteredModel: everywhere('POST', '/mlflow/registered-models/create', 'create',
    { name: 'newModelName', tags: 'free', description: 'free', deployment_job_id: 'free' }, byName),
  renameRegisteredModel: everywhere('POST', '/mlflow/registered-models/rename', 'update',
    { ...id, new_name: 'newModelName' }, ['name', 'new_name']),
  updateRegisteredModel: everywhere('PATCH', '/mlflow/registered-models/update', 'update',
    { ...id, description: 'free', deployment_job_id: 'free' }, byName, { repeatable: true }),
  deleteRegisteredModel: everywhere('DELETE', '/mlflow/registered-models/delete', 'delete', id, byName),
  getRegisteredModel: everywhere('GET', '/mlflow/registered-models/get', 'read', id, byName),
  searchRegisteredModels: everywhere('GET', '/mlflow/registered-models/search', 'search',
    { filter: 'filter', max_results: 'maxResults', order_by: 'orderBy', page_token: 'pageToken' }, [], { search }),
  // databricks-sdk's list_models, and MLflow 1's: gone from open-source servers.
  listRegisteredModels: inWorkspaces('GET', '/mlflow/registered-models/list', 'search',
    { max_results: 'maxResults', page_token: 'pageToken' }, [], {
    sentAs: { method: 'GET', path: '/mlflow/registered-models/search' },
    search,
  }),
  getLatestVersions: staged('GET', '/mlflow/registered-models/get-latest-versions', 'read', latest, byName),
  getLatestVersionsPost: staged('POST', '/mlflow/registered-models/get-latest-versions', 'read', latest, byName),
  setRegisteredModelTag: everywhere('POST', '/mlflow/registered-models/set-tag', 'update',
    { ...id, key: 'free', value: 'free' }, byName, { repeatable: true, tagKey: 'key' }),
  deleteRegisteredModelTag: everywhere('DELETE', '/mlflow/registered-models/delete-tag', 'update',
    { ...id, key: 'free' }, byName, { tagKey: 'key' }),
  setRegisteredModelAlias: aliased('POST', '/mlflow/registered-models/alias', 'update',
    { ...id, alias: 'alias', version: 'version' }, ['name', 'alias', 'version']),
  deleteRegisteredModelAlias: aliased('DELETE', '/mlflow/registered-models/alias', 'update',
    { ...id, alias: 'alias' }, ['name', 'alias']),
  getModelVersionByAlias: aliased('GET', '/mlflow/registered-models/alias', 'read', { ...id, alias: 'alias' }, ['name', 'alias']),
} satisfies Record<string, EndpointRow>
