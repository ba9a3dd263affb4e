import { type EndpointRow, everyUpstream } from '../endpoint.ts'

const model = { resource: 'loggedModel' } as const
const byId = { required: ['model_id'] } as const

export const loggedModelEndpoints = {
  createLoggedModel: {
    ...model, upstreams: everyUpstream, method: 'POST', path: '/mlflow/logged-models', action: 'create',
    fields: {
      experiment_id: 'experiment', name: 'free', model_type: 'free', source_run_id: 'relatedRun', params: 'free', tags: 'loggedModelTags',
    },
    required: ['experiment_id'],
  },
  searchLoggedModels: {
    ...model, upstreams: everyUpstream, method: 'POST', path: '/mlflow/logged-models/search', action: 'search',
    fields: {
      experiment_ids: 'experimentsToSearch', filter: 'filter', datasets: 'free', max_results: 'maxResults', order_by: 'free',
      page_token: 'pageToken',
    },
    required: ['experiment_ids'], search: { rows: 'models', pageSize: 100, maxPageSize: 1000, nameColumn: null },
  },
  getLoggedModel: {
    ...model, upstreams: everyUpstream, method: 'GET', path: '/mlflow/logged-models/{model_id}', action: 'read',
    fields: { model_id: 'loggedModel', allow_deleted: 'free' }, ...byId,
  },
  finalizeLoggedModel: {
    ...model, upstreams: everyUpstream, method: 'PATCH', path: '/mlflow/logged-models/{model_id}', action: 'update',
    fields: { model_id: 'loggedModel', status: 'free' }, ...byId,
  },
  deleteLoggedModel: {
    ...model, upstreams: everyUpstream, method: 'DELETE', path: '/mlflow/logged-models/{model_id}', action: 'delete',
    fields: { model_id: 'loggedModel' }, ...byId,
  },
  logLoggedModelParams: {
    ...model, upstreams: everyUpstream, method: 'POST', path: '/mlflow/logged-models/{model_id}/params', action: 'update',
    fields: { model_id: 'loggedModel', params: 'free' }, ...byId,
  },
  setLoggedModelTags: {
    ...model, upstreams: everyUpstream, method: 'PATCH', path: '/mlflow/logged-models/{model_id}/tags', action: 'update',
    fields: { model_id: 'loggedModel', tags: 'loggedModelTags' }, ...byId,
  },
  deleteLoggedModelTag: {
    ...model, upstreams: everyUpstream, method: 'DELETE', path: '/mlflow/logged-models/{model_id}/tags/{tag_key}', action: 'update',
    fields: { model_id: 'loggedModel', tag_key: 'free' }, required: ['model_id', 'tag_key'],
  },
  listLoggedModelArtifacts: {
    ...model, upstreams: everyUpstream, method: 'GET', path: '/mlflow/logged-models/{model_id}/artifacts/directories', action: 'read',
    fields: { model_id: 'loggedModel', artifact_directory_path: 'relativePath', page_token: 'pageToken' }, ...byId,
  },
} as const satisfies Record<string, EndpointRow>
