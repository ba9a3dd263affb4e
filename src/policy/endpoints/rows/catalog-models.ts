import type { EndpointRow } from '../endpoint.ts'

const inCatalog = { upstreams: ['unityCatalog'] } as const
const model = { ...inCatalog, resource: 'registeredModel', response: 'mlflow.unitycatalog.RegisteredModelInfo' } as const
const version = { ...inCatalog, resource: 'modelVersion', response: 'mlflow.unitycatalog.ModelVersionInfo' } as const
const models = '/unity-catalog/models'
const byName = { required: ['full_name'] } as const
const byId = { required: ['full_name', 'version'] } as const
const id = { full_name: 'modelName', version: 'version' } as const
const schema = { catalog_name: 'catalogLevel', schema_name: 'catalogLevel' } as const
const page = { max_results: 'maxResults', page_token: 'pageToken', include_browse: 'free' } as const
const include = { include_aliases: 'free', include_browse: 'free' } as const

/**
 * Unity Catalog's own API for models, as databricks-sdk asks for it, and MLflow where it is told to. Each is another spelling of a row of
 * `catalogRegistryEndpoints`, and is judged, sent and answered as that one.
 */
export const catalogModelEndpoints = {
  createNativeModel: {
    ...model, asks: 'createCatalogModel', method: 'POST', path: models, action: 'create',
    fields: {
      ...schema, name: 'newModelName', comment: 'free', tags: 'free', deployment_job_id: 'free', storage_location: 'notServed',
    },
    required: ['catalog_name', 'schema_name', 'name'],
  },
  listNativeModels: {
    ...model, asks: 'searchCatalogModels', method: 'GET', path: models, action: 'search',
    response: 'mlflow.unitycatalog.ListRegisteredModels.Response', fields: { ...schema, ...page }, required: [],
    search: { rows: 'registered_models', pageSize: 100, maxPageSize: 1000, nameColumn: null },
  },
  getNativeModel: {
    ...model, asks: 'getCatalogModel', method: 'GET', path: `${models}/{full_name}`, action: 'read',
    fields: { full_name: 'modelName', ...include }, ...byName,
  },
  updateNativeModel: {
    ...model, asks: 'updateCatalogModel', method: 'PATCH', path: `${models}/{full_name}`, action: 'update',
    fields: { full_name: 'modelName', new_name: 'newModelName', comment: 'free', deployment_job_id: 'free' }, ...byName,
  },
  deleteNativeModel: {
    ...model, asks: 'deleteCatalogModel', method: 'DELETE', path: `${models}/{full_name}`, action: 'delete',
    response: 'mlflow.unitycatalog.DeleteRegisteredModel.Response', fields: { full_name: 'modelName', force: 'notServed' }, ...byName,
  },
  setNativeAlias: {
    ...model, asks: 'setCatalogAlias', method: 'PUT', path: `${models}/{full_name}/aliases/{alias}`, action: 'update',
    response: 'mlflow.unitycatalog.RegisteredModelAliasInfo',
    fields: { full_name: 'modelName', alias: 'alias', version_num: 'version' }, required: ['full_name', 'alias', 'version_num'],
  },
  deleteNativeAlias: {
    ...model, asks: 'deleteCatalogAlias', method: 'DELETE', path: `${models}/{full_name}/aliases/{alias}`, action: 'update',
    response: 'mlflow.unitycatalog.DeleteRegisteredModelAlias.Response',
    fields: { full_name: 'modelName', alias: 'alias' }, required: ['full_name', 'alias'],
  },
  getNativeVersionByAlias: {
    ...version, asks: 'getCatalogVersionByAlias', method: 'GET', path: `${models}/{full_name}/aliases/{alias}`, action: 'read',
    fields: { full_name: 'modelName', alias: 'alias', include_aliases: 'free' }, required: ['full_name', 'alias'],
  },
  createNativeVersion: {
    ...version, asks: 'createCatalogVersion', method: 'POST', path: `${models}/versions`, action: 'create',
    fields: {
      ...schema, model_name: 'modelName', source: 'versionSource', run_id: 'relatedRun', model_id: 'relatedModel',
      tags: 'versionTags', comment: 'free', run_tracking_server_id: 'free', feature_deps: 'free', model_version_dependencies: 'free',
    },
    required: ['catalog_name', 'schema_name', 'model_name', 'source'],
  },
  listNativeVersions: {
    ...version, asks: 'searchCatalogVersions', method: 'GET', path: `${models}/{full_name}/versions`, action: 'search',
    response: 'mlflow.unitycatalog.ListModelVersions.Response', fields: { full_name: 'modelName', ...page }, ...byName,
    search: { rows: 'model_versions', pageSize: 100, maxPageSize: 1000, nameColumn: null },
  },
  getNativeVersion: {
    ...version, asks: 'getCatalogVersion', method: 'GET', path: `${models}/{full_name}/versions/{version}`, action: 'read',
    fields: { ...id, ...include }, ...byId,
  },
  updateNativeVersion: {
    ...version, asks: 'updateCatalogVersion', method: 'PATCH', path: `${models}/{full_name}/versions/{version}`, action: 'update',
    fields: { ...id, comment: 'free' }, ...byId,
  },
  deleteNativeVersion: {
    ...version, asks: 'deleteCatalogVersion', method: 'DELETE', path: `${models}/{full_name}/versions/{version}`, action: 'delete',
    response: 'mlflow.unitycatalog.DeleteModelVersion.Response', fields: id, ...byId,
  },
  finalizeNativeVersion: {
    ...version, asks: 'finalizeCatalogVersion', method: 'PATCH', path: `${models}/{full_name}/versions/{version}/finalize`,
    action: 'update', fields: id, ...byId,
  },
  getNativeVersionCredentials: {
    ...version, asks: 'getCatalogVersionCredentials', method: 'POST', path: '/unity-catalog/temporary-model-version-credentials',
    action: 'read', response: 'mlflow.unitycatalog.TemporaryCredentials',
    fields: { ...schema, model_name: 'modelName', version: 'version', operation: 'credentialOperation' },
    required: ['catalog_name', 'schema_name', 'model_name', 'version', 'operation'],
  },
} as const satisfies Record<string, EndpointRow>
