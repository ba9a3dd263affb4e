import { type EndpointRow, everyUpstream } from '../endpoint.ts'

const run = { resource: 'run' } as const
const post = { ...run, method: 'POST', action: 'update' } as const
const metric = { key: 'free', value: 'free', timestamp: 'free', step: 'free', dataset_name: 'free', dataset_digest: 'free' } as const
const id = { run_id: 'run', run_uuid: 'run' } as const
const byId = { required: ['run_id|run_uuid'] } as const
const byPromptlab = ['experiment_id', 'prompt_template', 'prompt_parameters', 'model_route', 'model_input', 'mlflow_version'] as const

export const runEndpoints = {
  createRun: {
    ...post, upstreams: everyUpstream, path: '/mlflow/runs/create', action: 'create',
    fields: { experiment_id: 'experiment', user_id: 'free', run_name: 'free', start_time: 'free', tags: 'runTags' },
    required: ['experiment_id'],
  },
  createPromptlabRun: {
    ...post, path: '/mlflow/runs/create-promptlab-run', action: 'create', upstreams: ['mlflow'],
    request: 'handmade.CreatePromptlabRun', response: 'mlflow.CreateRun.Response',
    fields: {
      experiment_id: 'experiment', run_name: 'free', tags: 'runTags', prompt_template: 'free', prompt_parameters: 'free',
      model_route: 'free', model_parameters: 'free', model_input: 'free', model_output: 'free', model_output_parameters: 'free',
      mlflow_version: 'free', user_id: 'free', start_time: 'free',
    },
    required: [],
    demands: byPromptlab.map((field) => ({ field, must: 'given' as const, sentence: `CreatePromptlabRun request must specify ${field}.` })),
  },
  updateRun: {
    ...post, upstreams: everyUpstream, path: '/mlflow/runs/update', repeatable: true,
    fields: { ...id, status: 'free', end_time: 'free', run_name: 'free' }, ...byId,
  },
  deleteRun: {
    ...post, upstreams: everyUpstream, path: '/mlflow/runs/delete', action: 'delete',
    fields: { run_id: 'run' }, required: ['run_id'],
  },
  restoreRun: {
    ...post, upstreams: everyUpstream, path: '/mlflow/runs/restore',
    fields: { run_id: 'run' }, required: ['run_id'],
  },
  logMetric: {
    upstreams: everyUpstream,
    // MLflow's database keeps a point once, however often it is logged: key, value, timestamp and step are its key.
    ...post, path: '/mlflow/runs/log-metric', repeatable: true,
    fields: { ...id, ...metric, model_id: 'loggedModel' }, ...byId,
  },
  logParam: {
    ...post, upstreams: everyUpstream, path: '/mlflow/runs/log-parameter', repeatable: true,
    fields: { ...id, key: 'free', value: 'free' }, ...byId,
  },
  logBatch: {
    ...post, upstreams: everyUpstream, path: '/mlflow/runs/log-batch', repeatable: true,
    fields: { run_id: 'run', params: 'free', tags: 'runTags', 'metrics[].model_id': 'loggedModel', 'metrics[].run_id': 'relatedRun' },
    required: ['run_id'],
  },
  logModel: {
    ...post, upstreams: everyUpstream, path: '/mlflow/runs/log-model',
    fields: { run_id: 'run', model_json: 'modelJson' }, required: ['run_id'],
  },
  logInputs: {
    ...post, upstreams: everyUpstream, path: '/mlflow/runs/log-inputs', repeatable: true,
    fields: {
      run_id: 'run', 'models[].model_id': 'relatedModel', 'datasets[].dataset.source': 'dataSource', 'datasets[].tags': 'free',
      ...Object.fromEntries(['name', 'digest', 'source_type', 'schema', 'profile'].map((name) => [`datasets[].dataset.${name}`, 'free' as const])),
    },
    required: ['run_id'],
  },
  logOutputs: {
    ...post, upstreams: everyUpstream, path: '/mlflow/runs/outputs',
    fields: { run_id: 'run', 'models[].model_id': 'relatedModel' }, required: ['run_id'],
  },
  setTag: {
    ...post, upstreams: everyUpstream, path: '/mlflow/runs/set-tag', repeatable: true,
    fields: { ...id, key: 'tagKey', value: 'runTag' }, ...byId,
  },
  deleteTag: {
    ...post, upstreams: everyUpstream, path: '/mlflow/runs/delete-tag',
    fields: { run_id: 'run', key: 'free' }, required: ['run_id'],
  },
  getRun: {
    ...run, upstreams: everyUpstream, method: 'GET', path: '/mlflow/runs/get', action: 'read',
    fields: id, ...byId,
  },
  searchRuns: {
    ...run, upstreams: everyUpstream, method: 'POST', path: '/mlflow/runs/search', action: 'search',
    fields: {
      experiment_ids: 'experimentsToSearch', filter: 'filter', run_view_type: 'free', max_results: 'maxResults',
      order_by: 'orderBy', page_token: 'pageToken',
    },
    required: [], search: { rows: 'runs', pageSize: 1000, maxPageSize: 50000, nameColumn: null },
  },
  getMetricHistory: {
    ...run, upstreams: everyUpstream, method: 'GET', path: '/mlflow/metrics/get-history', action: 'read',
    fields: { ...id, metric_key: 'free', page_token: 'pageToken', max_results: 'maxResults' },
    required: ['run_id|run_uuid', 'metric_key'],
  },
  getMetricHistoryBulk: {
    ...run, method: 'GET', path: '/mlflow/metrics/get-history-bulk', action: 'read',
    request: 'handmade.GetMetricHistoryBulk', response: 'handmade.GetMetricHistoryBulk.Response',
    fields: { run_id: 'runsToRead', metric_key: 'free', max_results: 'maxResults' }, required: [], answersNaN: true,
    upstreams: ['mlflow'],
    demands: [
      { field: 'run_id', must: 'given', sentence: 'GetMetricHistoryBulk request must specify at least one run_id.' },
      {
        field: 'run_id', must: 100,
        sentence: 'GetMetricHistoryBulk request cannot specify more than 100 run_ids. Received {found} run_ids.',
      },
      { field: 'metric_key', must: 'present', sentence: 'GetMetricHistoryBulk request must specify a metric_key.' },
    ],
  },
  getMetricHistoryBulkInterval: {
    ...run, upstreams: everyUpstream, method: 'GET', path: '/mlflow/metrics/get-history-bulk-interval', action: 'read',
    fields: { run_ids: 'runsToRead', metric_key: 'free', start_step: 'free', end_step: 'free', max_results: 'maxResults' },
    required: ['run_ids', 'metric_key'],
    demands: [
      {
        field: 'run_ids', must: 100,
        sentence: 'GetMetricHistoryBulkInterval request must specify at most 100 run_ids. Received {found} run_ids.',
      },
    ],
  },
} as const satisfies Record<string, EndpointRow>
