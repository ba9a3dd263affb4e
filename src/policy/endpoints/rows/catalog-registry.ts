import type { EndpointRow } from '../endpoint.ts'

const inCatalog = { upstreams: ['unityCatalog'] } as const
const model = { ...inCatalog, resource: 'registeredModel' } as const
const version = { ...inCatalog, resource: 'modelVersion' } as const
const id = { name: 'modelName', version: 'version' } as const
const byName = { required: ['name'] } as const
const byId = { required: ['name', 'version'] } as const
const models = '/mlflow/unity-catalog/registered-models'
const versions = '/mlflow/unity-catalog/model-versions'

/** The registry of Unity Catalog, as MLflow's clients with the registry URI `databricks-uc` ask for it. */
export const catalogRegistryEndpoints = {
  createCatalogModel: {
    ...model, method: 'POST', path: `${models}/create`, action: 'create',
    fields: { name: 'newModelName', tags: 'free', description: 'free', deployment_job_id: 'free' }, ...byName,
  },
  updateCatalogModel: {
    ...model, method: 'PATCH', path: `${models}/update`, action: 'update',
    fields: { name: 'modelName', new_name: 'newModelName', description: 'free', deployment_job_id: 'free' }, ...byName,
  },
  deleteCatalogModel: {
    ...model, method: 'DELETE', path: `${models}/delete`, action: 'delete', fields: { name: 'modelName' }, ...byName,
  },
  getCatalogModel: {
    ...model, method: 'GET', path: `${models}/get`, action: 'read', fields: { name: 'modelName' }, ...byName,
  },
  searchCatalogModels: {
    ...model, method: 'GET', path: `${models}/search`, action: 'search',
    fields: { max_results: 'maxResults', page_token: 'pageToken' }, required: [],
    search: { rows: 'registered_models', pageSize: 100, maxPageSize: 1000, nameColumn: null },
  },
  setCatalogModelTag: {
    ...model, method: 'POST', path: `${models}/set-tag`, action: 'update', repeatable: true,
    fields: { name: 'modelName', key: 'free', value: 'free' }, ...byName,
  },
  deleteCatalogModelTag: {
    ...model, method: 'DELETE', path: `${models}/delete-tag`, action: 'update', fields: { name: 'modelName', key: 'free' }, ...byName,
  },
  setCatalogAlias: {
    ...model, method: 'POST', path: `${models}/alias`, action: 'update',
    fields: { name: 'modelName', alias: 'alias', version: 'version' }, required: ['name', 'alias', 'version'],
  },
  deleteCatalogAlias: {
    ...model, method: 'DELETE', path: `${models}/alias`, action: 'update',
    fields: { name: 'modelName', alias: 'alias' }, required: ['name', 'alias'],
  },
  getCatalogVersionByAlias: {
    ...model, method: 'GET', path: `${models}/alias`, action: 'read',
    fields: { name: 'modelName', alias: 'alias' }, required: ['name', 'alias'],
  },
  asksForFilesApi: {
    ...inCatalog, resource: 'server', method: 'GET', action: 'read', fields: {}, required: [],
    path: `${models}:is-databricks-sdk-models-artifact-repository-enabled`,
  },
  createCatalogVersion: {
    ...version, method: 'POST', path: `${versions}/create`, action: 'create', makes: 'version', bringsFiles: true,
    fields: {
      name: 'modelName', source: 'versionSource', run_id: 'relatedRun', model_id: 'relatedModel', tags: 'versionTags',
      description: 'free', run_tracking_server_id: 'free', feature_deps: 'free', model_version_dependencies: 'free',
    },
    required: ['name', 'source'],
  },
  updateCatalogVersion: {
    ...version, method: 'PATCH', path: `${versions}/update`, action: 'update', fields: { ...id, description: 'free' }, ...byId,
  },
  deleteCatalogVersion: {
    ...version, method: 'DELETE', path: `${versions}/delete`, action: 'delete', fields: id, ...byId,
  },
  getCatalogVersion: {
    ...version, method: 'GET', path: `${versions}/get`, action: 'read', fields: id, ...byId,
  },
  searchCatalogVersions: {
    ...version, method: 'GET', path: `${versions}/search`, action: 'search',
    fields: { filter: 'filter', max_results: 'maxResults', page_token: 'pageToken' }, required: ['filter'],
    search: { rows: 'model_versions', pageSize: 100, maxPageSize: 1000, nameColumn: 'modelName' },
  },
  getCatalogVersionLocation: {
    ...version, method: 'GET', path: `${versions}/get-download-uri`, action: 'read', fields: id, ...byId,
  },
  getCatalogVersionCredentials: {
    ...version, method: 'POST', path: `${versions}/generate-temporary-credentials`, action: 'read',
    fields: { ...id, operation: 'credentialOperation' }, required: ['name', 'version', 'operation'],
  },
  finalizeCatalogVersion: {
    ...version, method: 'POST', path: `${versions}/finalize`, action: 'update', finishesVersion: true, fields: id, ...byId,
  },
  noteCatalogLineage: {
    ...version, method: 'POST', path: `${versions}/emit-lineage`, action: 'read',
    fields: { ...id, model_version_lineage_info: 'free', securable: 'free' }, ...byId,
  },
  setCatalogVersionTag: {
    ...version, method: 'POST', path: `${versions}/set-tag`, action: 'update', repeatable: true,
    fields: { ...id, key: 'tagKey', value: 'runTag' }, ...byId,
  },
  deleteCatalogVersionTag: {
    ...version, method: 'DELETE', path: `${versions}/delete-tag`, action: 'update', fields: { ...id, key: 'tagKey' }, ...byId,
  },
} as const satisfies Record<string, EndpointRow>
