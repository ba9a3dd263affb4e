import type { EndpointRow } from '../endpoint.ts'

const dataset = { resource: 'dataset', upstreams: ['mlflow'] } as const
const byId = { required: ['dataset_id'] } as const
const id = { dataset_id: 'dataset' } as const

/** Data sets for evaluation, which belong to one or more experiments, and what runs say of the data that they read. */
export const datasetEndpoints = {
  createDataset: {
    ...dataset, method: 'POST', path: '/mlflow/datasets/create', action: 'create', makes: 'dataset',
    fields: {
      name: 'free', experiment_ids: 'experiments', tags: 'tagsJson', source_type: 'free', source: 'dataSource', schema: 'free', profile: 'free',
      created_by: 'free',
    },
    required: ['name'],
  },
  getDataset: {
    ...dataset, method: 'GET', path: '/mlflow/datasets/{dataset_id}', action: 'read',
    fields: { ...id, page_token: 'pageToken' }, ...byId,
  },
  deleteDataset: {
    ...dataset, method: 'DELETE', path: '/mlflow/datasets/{dataset_id}', action: 'delete', fields: id, ...byId,
  },
  searchDatasets: {
    ...dataset, method: 'POST', path: '/mlflow/datasets/search', action: 'search', anyExperiment: true,
    fields: {
      experiment_ids: 'experimentsToSearch', filter_string: 'filter', max_results: 'maxResults', order_by: 'orderBy',
      page_token: 'pageToken',
    },
    required: [], search: { rows: 'datasets', pageSize: 1000, maxPageSize: 50000, nameColumn: null },
  },
  setDatasetTags: {
    ...dataset, method: 'PATCH', path: '/mlflow/datasets/{dataset_id}/tags', action: 'update',
    fields: { ...id, tags: 'tagsJson' }, required: ['dataset_id', 'tags'],
  },
  deleteDatasetTag: {
    ...dataset, method: 'DELETE', path: '/mlflow/datasets/{dataset_id}/tags/{key}', action: 'update',
    fields: { ...id, key: 'free' }, required: ['dataset_id', 'key'],
  },
  getDatasetRecords: {
    ...dataset, method: 'GET', path: '/mlflow/datasets/{dataset_id}/records', action: 'read',
    fields: { ...id, max_results: 'maxResults', page_token: 'pageToken' }, ...byId,
  },
  upsertDatasetRecords: {
    ...dataset, method: 'POST', path: '/mlflow/datasets/{dataset_id}/records', action: 'update',
    fields: { ...id, records: 'recordsJson', updated_by: 'free' }, required: ['dataset_id', 'records'],
  },
  deleteDatasetRecords: {
    ...dataset, method: 'DELETE', path: '/mlflow/datasets/{dataset_id}/records', action: 'update',
    fields: { ...id, dataset_record_ids: 'free' }, ...byId,
  },
  getDatasetExperiments: {
    ...dataset, method: 'GET', path: '/mlflow/datasets/{dataset_id}/experiment-ids', action: 'read', fields: id, ...byId,
  },
  addDatasetToExperiments: {
    ...dataset, method: 'POST', path: '/mlflow/datasets/{dataset_id}/add-experiments', action: 'update',
    fields: { ...id, experiment_ids: 'experiments' }, ...byId,
  },
  removeDatasetFromExperiments: {
    ...dataset, method: 'POST', path: '/mlflow/datasets/{dataset_id}/remove-experiments', action: 'update', leavesExperiments: true,
    fields: { ...id, experiment_ids: 'experiments' }, ...byId,
  },
  searchDatasetSummaries: {
    ...dataset, method: 'POST', path: '/mlflow/experiments/search-datasets', action: 'read',
    fields: { experiment_ids: 'experimentsToSearch' }, required: [],
    firstDemands: [
      { field: 'experiment_ids', must: 'given', sentence: 'SearchDatasets request must specify at least one experiment_id.' },
      {
        field: 'experiment_ids', must: 20,
        sentence: 'SearchDatasets request cannot specify more than 20 experiment_ids. Received {found} experiment_ids.',
      },
    ],
  },
} as const satisfies Record<string, EndpointRow>
