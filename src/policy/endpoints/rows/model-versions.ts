import { type EndpointRow, everyUpstream, rowsOf } from '../endpoint.ts'

const everywhere = rowsOf('modelVersion', everyUpstream)
const staged = rowsOf('modelVersion', ['mlflow', 'databricks'])
const id = { name: 'modelName', version: 'version' } as const
const byId = ['name', 'version']

export const modelVersionEndpoints = {
  createModelVersion: everywhere('POST', '/mlflow/model-versions/create', 'create', {
    name: 'modelName', source: 'versionSource', run_id: 'relatedRun', model_id: 'relatedModel', tags: 'versionTags', run_link: 'link',
    description: 'free',
  }, ['name', 'source'], { makes: 'version' }),
  updateModelVersion: everywhere('PATCH', '/mlflow/model-versions/update', 'update',
    { ...id, description: 'free' }, byId, { repeatable: true }),
  transitionModelVersionStage: staged('POST', '/mlflow/model-versions/transition-stage', 'transition',
    { ...id, stage: 'stage', archive_existing_versions: 'archiveExisting' }, ['name', 'version', 'stage']),
  deleteModelVersion: everywhere('DELETE', '/mlflow/model-versions/delete', 'delete', id, byId),
  getModelVersion: everywhere('GET', '/mlflow/model-versions/get', 'read', id, byId),
  searchModelVersions: everywhere('GET', '/mlflow/model-versions/search', 'search',
    { filter: 'filter', max_results: 'maxResults', order_by: 'orderBy', page_token: 'pageToken' }, [],
    { search: { rows: 'model_versions', pageSize: 10000, maxPageSize: 200000, nameColumn: 'modelName' } }),
  getModelVersionDownloadUri: everywhere('GET', '/mlflow/model-versions/get-download-uri', 'read', id, byId),
  setModelVersionTag: everywhere('POST', '/mlflow/model-versions/set-tag', 'update',
    { ...id, key: 'tagKey', value: 'runTag' }, byId, { repeatable: true }),
  deleteModelVersionTag: everywhere('DELETE', '/mlflow/model-versions/delete-tag', 'update', { ...id, key: 'tagKey' }, byId),
} satisfies Record<string, EndpointRow>
