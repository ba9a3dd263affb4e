import { type EndpointRow, everyUpstream, rowsOf } from '../endpoint.ts'

const everywhere = rowsOf('experiment', everyUpstream)
const inWorkspaces = rowsOf('experiment', ['databricks', 'unityCatalog'])
const search = { rows: 'experiments', pageSize: 1000, maxPageSize: 50000, nameColumn: 'experimentName' } as const
const searchFields = { filter: 'filter', order_by: 'orderBy', page_token: 'pageToken', max_results: 'maxResults', view_type: 'free' } as const
const id = { experiment_id: 'experiment' } as const
const byId = ['experiment_id']

export const experimentEndpoints = {
  createExperiment: everywhere('POST', '/mlflow/experiments/create', 'create',
    { name: 'newExperimentName', artifact_location: 'artifactLocation', tags: 'experimentTags' }, ['name'], { makes: 'experiment' }),
  searchExperiments: everywhere('GET', '/mlflow/experiments/search', 'search', searchFields, [], { search }),
  searchExperimentsPost: everywhere('POST', '/mlflow/experiments/search', 'search', searchFields, [], { search }),
  // databricks-sdk's list_experiments, and MLflow 1's: gone from open-source servers.
  listExperiments: inWorkspaces('GET', '/mlflow/experiments/list', 'search',
    { view_type: 'free', max_results: 'maxResults', page_token: 'pageToken' }, [],
    { sentAs: { method: 'POST', path: '/mlflow/experiments/search' }, search }),
  getExperiment: everywhere('GET', '/mlflow/experiments/get', 'read', id, byId),
  getExperimentByName: everywhere('GET', '/mlflow/experiments/get-by-name', 'read',
    { experiment_name: 'experimentName' }, ['experiment_name']),
  deleteExperiment: everywhere('POST', '/mlflow/experiments/delete', 'delete', id, byId),
  restoreExperiment: everywhere('POST', '/mlflow/experiments/restore', 'update', id, byId),
  updateExperiment: everywhere('POST', '/mlflow/experiments/update', 'update', { ...id, new_name: 'newExperimentName' }, byId),
  setExperimentTag: everywhere('POST', '/mlflow/experiments/set-experiment-tag', 'update',
    { ...id, key: 'experimentTagKey', value: 'free' }, byId, { repeatable: true }),
  deleteExperimentTag: everywhere('POST', '/mlflow/experiments/delete-experiment-tag', 'update', { ...id, key: 'tagKey' }, byId),
} satisfies Record<string, EndpointRow>
