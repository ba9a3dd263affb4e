import { type EndpointRow, everyUpstream, rowsOf } from '../endpoint.ts'

const everywhere = rowsOf('loggedModel', everyUpstream)
const id = { model_id: 'loggedModel' } as const
const byId = ['model_id']

export const loggedModelEndpoints = {
  createLoggedModel: everywhere('POST', '/mlflow/logged-models', 'create', {
    experiment_id: 'experiment', name: 'free', model_type: 'free', source_run_id: 'relatedRun', params: 'free', tags: 'loggedModelTags',
  }, ['experiment_id']),
  searchLoggedModels: everywhere('POST', '/mlflow/logged-models/search', 'search', {
    experiment_ids: 'experimentsToSearch', filter: 'filter', datasets: 'free', max_results: 'maxResults', order_by: 'free',
    page_token: 'pageToken',
  }, ['experiment_ids'], { search: { rows: 'models', pageSize: 100, maxPageSize: 1000, nameColumn: null } }),
  getLoggedModel: everywhere('GET', '/mlflow/logged-models/{model_id}', 'read', { ...id, allow_deleted: 'free' }, byId),
  finalizeLoggedModel: everywhere('PATCH', '/mlflow/logged-models/{model_id}', 'update', { ...id, status: 'free' }, byId),
  deleteLoggedModel: everywhere('DELETE', '/mlflow/logged-models/{model_id}', 'delete', id, byId),
  logLoggedModelParams: everywhere('POST', '/mlflow/logged-models/{model_id}/params', 'update', { ...id, params: 'free' }, byId),
  setLoggedModelTags: everywhere('PATCH', '/mlflow/logged-models/{model_id}/tags', 'update', { ...id, tags: 'loggedModelTags' }, byId),
  deleteLoggedModelTag: everywhere('DELETE', '/mlflow/logged-models/{model_id}/tags/{tag_key}', 'update',
    { ...id, tag_key: 'free' }, ['model_id', 'tag_key'], { tagKey: 'tag_key' }),
  listLoggedModelArtifacts: everywhere('GET', '/mlflow/logged-models/{model_id}/artifacts/directories', 'read',
    { ...id, artifact_directory_path: 'relativePath', page_token: 'pageToken' }, byId),
} satisfies Record<string, EndpointRow>
