import { type EndpointRow, everyUpstream } from '../endpoint.ts'

const experiment = { resource: 'experiment' } as const
const search = { rows: 'experiments', pageSize: 1000, maxPageSize: 50000, nameColumn: 'experimentName' } as const
const searchFields = { filter: 'filter', order_by: 'orderBy', page_token: 'pageToken', max_results: 'maxResults', view_type: 'free' } as const

export const experimentEndpoints = {
  createExperiment: {
    ...experiment, upstreams: everyUpstream, method: 'POST', path: '/mlflow/experiments/create', action: 'create', makes: 'experiment',
    fields: { name: 'newExperimentName', artifact_location: 'artifactLocation', tags: 'experimentTags' }, required: ['name'],
  },
  searchExperiments: {
    ...experiment, upstreams: everyUpstream, method: 'GET', path: '/mlflow/experiments/search', action: 'search',
    fields: searchFields, required: [], search,
  },
  searchExperimentsPost: {
    ...experiment, upstreams: everyUpstream, method: 'POST', path: '/mlflow/experiments/search', action: 'search',
    fields: searchFields, required: [], search,
  },
  // databricks-sdk's list_experiments, and MLflow 1's: gone from open-source servers.
  listExperiments: {
    ...experiment, method: 'GET', path: '/mlflow/experiments/list', action: 'search', upstreams: ['databricks', 'unityCatalog'],
    sentAs: { method: 'POST', path: '/mlflow/experiments/search' },
    fields: { view_type: 'free', max_results: 'maxResults', page_token: 'pageToken' }, required: [], search,
  },
  getExperiment: {
    ...experiment, upstreams: everyUpstream, method: 'GET', path: '/mlflow/experiments/get', action: 'read',
    fields: { experiment_id: 'experiment' }, required: ['experiment_id'],
  },
  getExperimentByName: {
    ...experiment, upstreams: everyUpstream, method: 'GET', path: '/mlflow/experiments/get-by-name', action: 'read',
    fields: { experiment_name: 'experimentName' }, required: ['experiment_name'],
  },
  deleteExperiment: {
    ...experiment, upstreams: everyUpstream, method: 'POST', path: '/mlflow/experiments/delete', action: 'delete',
    fields: { experiment_id: 'experiment' }, required: ['experiment_id'],
  },
  restoreExperiment: {
    ...experiment, upstreams: everyUpstream, method: 'POST', path: '/mlflow/experiments/restore', action: 'update',
    fields: { experiment_id: 'experiment' }, required: ['experiment_id'],
  },
  updateExperiment: {
    ...experiment, upstreams: everyUpstream, method: 'POST', path: '/mlflow/experiments/update', action: 'update',
    fields: { experiment_id: 'experiment', new_name: 'newExperimentName' }, required: ['experiment_id'],
  },
  setExperimentTag: {
    upstreams: everyUpstream,
    ...experiment, method: 'POST', path: '/mlflow/experiments/set-experiment-tag', action: 'update', repeatable: true,
    fields: { experiment_id: 'experiment', key: 'experimentTagKey', value: 'free' }, required: ['experiment_id'],
  },
  deleteExperimentTag: {
    ...experiment, upstreams: everyUpstream, method: 'POST', path: '/mlflow/experiments/delete-experiment-tag', action: 'update',
    fields: { experiment_id: 'experiment', key: 'tagKey' }, required: ['experiment_id'],
  },
} as const satisfies Record<string, EndpointRow>
