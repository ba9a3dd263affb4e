import { type EndpointRow, rowsOf } from '../endpoint.ts'

const model = rowsOf('registeredModel', ['unityCatalog'], { response: 'mlflow.unitycatalog.RegisteredModelInfo' })
const version = rowsOf('modelVersion', ['unityCatalog'], { response: 'mlflow.unitycatalog.ModelVersionInfo' })
const models = '/unity-catalog/models'
const byName = ['full_name']
const byId = ['full_name', 'version']
const id = { full_name: 'modelName', version: 'version' } as const
const schema = { catalog_name: 'catalogLevel', schema_name: 'catalogLevel' } as const
const page = { max_results: 'maxResults', page_token: 'pageToken', include_browse: 'free' } as const
const pages = { pageSize: 100, maxPageSize: 1000, nameColumn: null } as const
const include = { include_aliases: 'free', include_browse: 'free' } as const

/**
 * Unity Catalog's own API for models, as databricks-sdk asks for it, and MLflow where it is told to. Each is another spelling of a row of
 * `catalogRegistryEndpoints`, and is judged, sent and answered as that one.
 */
export const catalogModelEndpoints = {
  createNativeModel: model('POST', models, 'create', {
    ...schema, name: 'newModelName', comment: 'free', tags: 'free', deployment_job_id: 'free', storage_location: 'notServed',
  }, ['catalog_name', 'schema_name', 'name'], { asks: 'createCatalogModel' }),
  listNativeModels: model('GET', models, 'search', { ...schema, ...page }, [], {
    asks: 'searchCatalogModels', response: 'mlflow.unitycatalog.ListRegisteredModels.Response',
    search: { rows: 'registered_models', ...pages },
  }),
  getNativeModel: model('GET', `${models}/{full_name}`, 'read',
    { full_name: 'modelName', ...include }, byName, { asks: 'getCatalogModel' }),
  updateNativeModel: model('PATCH', `${models}/{full_name}`, 'update',
    { full_name: 'modelName', new_name: 'newModelName', comment: 'free', deployment_job_id: 'free' }, byName,
    { asks: 'updateCatalogModel' }),
  deleteNativeModel: model('DELETE', `${models}/{full_name}`, 'delete', { full_name: 'modelName', force: 'notServed' }, byName,
    { asks: 'deleteCatalogModel', response: 'mlflow.unitycatalog.DeleteRegisteredModel.Response' }),
  setNativeAlias: model('PUT', `${models}/{full_name}/aliases/{alias}`, 'update',
    { full_name: 'modelName', alias: 'alias', version_num: 'version' }, ['full_name', 'alias', 'version_num'],
    { asks: 'setCatalogAlias', response: 'mlflow.unitycatalog.RegisteredModelAliasInfo' }),
  deleteNativeAlias: model('DELETE', `${models}/{full_name}/aliases/{alias}`, 'update',
    { full_name: 'modelName', alias: 'alias' }, ['full_name', 'alias'],
    { asks: 'deleteCatalogAlias', response: 'mlflow.unitycatalog.DeleteRegisteredModelAlias.Response' }),
  getNativeVersionByAlias: version('GET', `${models}/{full_name}/aliases/{alias}`, 'read',
    { full_name: 'modelName', alias: 'alias', include_aliases: 'free' }, ['full_name', 'alias'], { asks: 'getCatalogVersionByAlias' }),
  createNativeVersion: version('POST', `${models}/versions`, 'create', {
    ...schema, model_name: 'modelName', source: 'versionSource', run_id: 'relatedRun', model_id: 'relatedModel', tags: 'versionTags',
    comment: 'free', run_tracking_server_id: 'free', feature_deps: 'free', model_version_dependencies: 'free',
  }, ['catalog_name', 'schema_name', 'model_name', 'source'], { asks: 'createCatalogVersion' }),
  listNativeVersions: version('GET', `${models}/{full_name}/versions`, 'search', { full_name: 'modelName', ...page }, byName, {
    asks: 'searchCatalogVersions', response: 'mlflow.unitycatalog.ListModelVersions.Response',
    search: { rows: 'model_versions', ...pages },
  }),
  getNativeVersion: version('GET', `${models}/{full_name}/versions/{version}`, 'read',
    { ...id, ...include }, byId, { asks: 'getCatalogVersion' }),
  updateNativeVersion: version('PATCH', `${models}/{full_name}/versions/{version}`, 'update',
    { ...id, comment: 'free' }, byId, { asks: 'updateCatalogVersion' }),
  deleteNativeVersion: version('DELETE', `${models}/{full_name}/versions/{version}`, 'delete',
    id, byId, { asks: 'deleteCatalogVersion', response: 'mlflow.unitycatalog.DeleteModelVersion.Response' }),
  finalizeNativeVersion: version('PATCH', `${models}/{full_name}/versions/{version}/finalize`, 'update',
    id, byId, { asks: 'finalizeCatalogVersion' }),
  getNativeVersionCredentials: version('POST', '/unity-catalog/temporary-model-version-credentials', 'read',
    { ...schema, model_name: 'modelName', version: 'version', operation: 'credentialOperation' },
    ['catalog_name', 'schema_name', 'model_name', 'version', 'operation'],
    { asks: 'getCatalogVersionCredentials', response: 'mlflow.unitycatalog.TemporaryCredentials' }),
} satisfies Record<string, EndpointRow>
