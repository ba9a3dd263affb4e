import { type EndpointRow, everyUpstream } from '../endpoint.ts'

const version = { resource: 'modelVersion' } as const
const id = { name: 'modelName', version: 'version' } as const
const byId = { required: ['name', 'version'] } as const

export const modelVersionEndpoints = {
  createModelVersion: {
    ...version, upstreams: everyUpstream, method: 'POST', path: '/mlflow/model-versions/create', action: 'create', makes: 'version',
    fields: {
      name: 'modelName', source: 'versionSource', run_id: 'relatedRun', model_id: 'relatedModel', tags: 'versionTags',
      run_link: 'link', description: 'free',
    },
    required: ['name', 'source'],
  },
  updateModelVersion: {
    ...version, upstreams: everyUpstream, method: 'PATCH', path: '/mlflow/model-versions/update', action: 'update', repeatable: true,
    fields: { ...id, description: 'free' }, ...byId,
  },
  transitionModelVersionStage: {
    ...version, method: 'POST', path: '/mlflow/model-versions/transition-stage', action: 'transition',
    upstreams: ['mlflow', 'databricks'],
    fields: { ...id, stage: 'stage', archive_existing_versions: 'archiveExisting' }, required: ['name', 'version', 'stage'],
  },
  deleteModelVersion: {
    ...version, upstreams: everyUpstream, method: 'DELETE', path: '/mlflow/model-versions/delete', action: 'delete',
    fields: id, ...byId,
  },
  getModelVersion: {
    ...version, upstreams: everyUpstream, method: 'GET', path: '/mlflow/model-versions/get', action: 'read',
    fields: id, ...byId,
  },
  searchModelVersions: {
    ...version, upstreams: everyUpstream, method: 'GET', path: '/mlflow/model-versions/search', action: 'search',
    fields: { filter: 'filter', max_results: 'maxResults', order_by: 'orderBy', page_token: 'pageToken' }, required: [],
    search: { rows: 'model_versions', pageSize: 10000, maxPageSize: 200000, nameColumn: 'modelName' },
  },
  getModelVersionDownloadUri: {
    ...version, upstreams: everyUpstream, method: 'GET', path: '/mlflow/model-versions/get-download-uri', action: 'read',
    fields: id, ...byId,
  },
  setModelVersionTag: {
    ...version, upstreams: everyUpstream, method: 'POST', path: '/mlflow/model-versions/set-tag', action: 'update', repeatable: true,
    fields: { ...id, key: 'tagKey', value: 'runTag' }, ...byId,
  },
  deleteModelVersionTag: {
    ...version, upstreams: everyUpstream, method: 'DELETE', path: '/mlflow/model-versions/delete-tag', action: 'update',
    fields: { ...id, key: 'tagKey' }, ...byId,
  },
} as const satisfies Record<string, EndpointRow>
