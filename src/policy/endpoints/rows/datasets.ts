import { type EndpointRow, rowsOf } from '../endpoint.ts'

const dataset = rowsOf('dataset', ['mlflow'])
const byId = ['dataset_id']
const id = { dataset_id: 'dataset' } as const

/** Data sets for evaluation, which belong to one or more experiments, and what runs say of the data that they read. */
export const datasetEndpoints = {
  createDataset: dataset('POST', '/mlflow/datasets/create', 'create', {
    name: 'free', experiment_ids: 'experiments', tags: 'tagsJson', source_type: 'free', source: 'dataSource', schema: 'free',
    profile: 'free', created_by: 'free',
  }, ['name'], { makes: 'dataset' }),
  getDataset: dataset('GET', '/mlflow/datasets/{dataset_id}', 'read', { ...id, page_token: 'pageToken' }, byId),
  deleteDataset: dataset('DELETE', '/mlflow/datasets/{dataset_id}', 'delete', id, byId),
  searchDatasets: dataset('POST', '/mlflow/datasets/search', 'search', {
    experiment_ids: 'experimentsToSearch', filter_string: 'filter', max_results: 'maxResults', order_by: 'orderBy',
    page_token: 'pageToken',
  }, [], { anyExperiment: true, search: { rows: 'datasets', pageSize: 1000, maxPageSize: 50000, nameColumn: null } }),
  setDatasetTags: dataset('PATCH', '/mlflow/datasets/{dataset_id}/tags', 'update', { ...id, tags: 'tagsJson' }, ['dataset_id', 'tags']),
  deleteDatasetTag: dataset('DELETE', '/mlflow/datasets/{dataset_id}/tags/{key}', 'update',
    { ...id, key: 'free' }, ['dataset_id', 'key'], { tagKey: 'key' }),
  getDatasetRecords: dataset('GET', '/mlflow/datasets/{dataset_id}/records', 'read',
    { ...id, max_results: 'maxResults', page_token: 'pageToken' }, byId),
  upsertDatasetRecords: dataset('POST', '/mlflow/datasets/{dataset_id}/records', 'update',
    { ...id, records: 'recordsJson', updated_by: 'free' }, ['dataset_id', 'records']),
  deleteDatasetRecords: dataset('DELETE', '/mlflow/datasets/{dataset_id}/records', 'update', { ...id, dataset_record_ids: 'free' }, byId),
  getDatasetExperiments: dataset('GET', '/mlflow/datasets/{dataset_id}/experiment-ids', 'read', id, byId),
  addDatasetToExperiments: dataset('POST', '/mlflow/datasets/{dataset_id}/add-experiments', 'update',
    { ...id, experiment_ids: 'experiments' }, byId),
  removeDatasetFromExperiments: dataset('POST', '/mlflow/datasets/{dataset_id}/remove-experiments', 'update',
    { ...id, experiment_ids: 'experiments' }, byId, { leavesExperiments: true }),
  searchDatasetSummaries: dataset('POST', '/mlflow/experiments/search-datasets', 'read', { experiment_ids: 'experimentsToSearch' }, [], {
    firstDemands: [
      { field: 'experiment_ids', must: 'given', sentence: 'SearchDatasets request must specify at least one experiment_id.' },
      { field: 'experiment_ids', must: 20, sentence: 'SearchDatasets request cannot specify more than 20 experiment_ids. Received {found} experiment_ids.' },
    ],
  }),
} satisfies Record<string, EndpointRow>
