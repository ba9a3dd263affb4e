import { type EndpointRow, rowsOf } from '../endpoint.ts'

const model = rowsOf('registeredModel', ['unityCatalog'])
const version = rowsOf('modelVersion', ['unityCatalog'])
const server = rowsOf('server', ['unityCatalog'])
const id = { name: 'modelName', version: 'version' } as const
const byName = ['name']
const byId = ['name', 'version']
const models = '/mlflow/unity-catalog/registered-models'
const versions = '/mlflow/unity-catalog/model-versions'

/** The registry of Unity Catalog, as MLflow's clients with the registry URI `databricks-uc` ask for it. */
export const catalogRegistryEndpoints = {
  createCatalogModel: model('POST', `${models}/create`, 'create',
    { name: 'newModelName', tags: 'free', description: 'free', deployment_job_id: 'free' }, byName),
  updateCatalogModel: model('PATCH', `${models}/update`, 'update',
    { name: 'modelName', new_name: 'newModelName', description: 'free', deployment_job_id: 'free' }, byName),
  deleteCatalogModel: model('DELETE', `${models}/delete`, 'delete', { name: 'modelName' }, byName),
  getCatalogModel: model('GET', `${models}/get`, 'read', { name: 'modelName' }, byName),
  searchCatalogModels: model('GET', `${models}/search`, 'search', { max_results: 'maxResults', page_token: 'pageToken' }, [],
    { search: { rows: 'registered_models', pageSize: 100, maxPageSize: 1000, nameColumn: null } }),
  setCatalogModelTag: model('POST', `${models}/set-tag`, 'update',
    { name: 'modelName', key: 'free', value: 'free' }, byName, { repeatable: true, tagKey: 'key' }),
  deleteCatalogModelTag: model('DELETE', `${models}/delete-tag`, 'update',
    { name: 'modelName', key: 'free' }, byName, { tagKey: 'key' }),
  setCatalogAlias: model('POST', `${models}/alias`, 'update',
    { name: 'modelName', alias: 'alias', version: 'version' }, ['name', 'alias', 'version']),
  deleteCatalogAlias: model('DELETE', `${models}/alias`, 'update', { name: 'modelName', alias: 'alias' }, ['name', 'alias']),
  getCatalogVersionByAlias: model('GET', `${models}/alias`, 'read', { name: 'modelName', alias: 'alias' }, ['name', 'alias']),
  asksForFilesApi: server('GET', `${models}:is-databricks-sdk-models-artifact-repository-enabled`, 'read'),
  createCatalogVersion: version('POST', `${versions}/create`, 'create', {
    name: 'modelName', source: 'versionSource', run_id: 'relatedRun', model_id: 'relatedModel', tags: 'versionTags', description: 'free',
    run_tracking_server_id: 'free', feature_deps: 'free', model_version_dependencies: 'free',
  }, ['name', 'source'], { makes: 'version', bringsFiles: true }),
  updateCatalogVersion: version('PATCH', `${versions}/update`, 'update', { ...id, description: 'free' }, byId),
  deleteCatalogVersion: version('DELETE', `${versions}/delete`, 'delete', id, byId),
  getCatalogVersion: version('GET', `${versions}/get`, 'read', id, byId),
  searchCatalogVersions: version('GET', `${versions}/search`, 'search',
    { filter: 'filter', max_results: 'maxResults', page_token: 'pageToken' }, ['filter'],
    { search: { rows: 'model_versions', pageSize: 100, maxPageSize: 1000, nameColumn: 'modelName' } }),
  getCatalogVersionLocation: version('GET', `${versions}/get-download-uri`, 'read', id, byId),
  getCatalogVersionCredentials: version('POST', `${versions}/generate-temporary-credentials`, 'read',
    { ...id, operation: 'credentialOperation' }, ['name', 'version', 'operation']),
  finalizeCatalogVersion: version('POST', `${versions}/finalize`, 'update', id, byId, { finishesVersion: true }),
  noteCatalogLineage: version('POST', `${versions}/emit-lineage`, 'read',
    { ...id, model_version_lineage_info: 'free', securable: 'free' }, byId),
  setCatalogVersionTag: version('POST', `${versions}/set-tag`, 'update',
    { ...id, key: 'tagKey', value: 'runTag' }, byId, { repeatable: true }),
  deleteCatalogVersionTag: version('DELETE', `${versions}/delete-tag`, 'update', { ...id, key: 'tagKey' }, byId),
} satisfies Record<string, EndpointRow>
