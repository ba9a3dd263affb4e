import { type EndpointRow, everyUpstream, rowsOf } from '../endpoint.ts'

const everywhere = rowsOf('run', everyUpstream)
const onMlflow = rowsOf('run', ['mlflow'])
const metric = { key: 'free', value: 'free', timestamp: 'free', step: 'free', dataset_name: 'free', dataset_digest: 'free' } as const
const id = { run_id: 'run', run_uuid: 'run' } as const
const byId = ['run_id|run_uuid']
const byPromptlab = ['experiment_id', 'prompt_template', 'prompt_parameters', 'model_route', 'model_input', 'mlflow_version']

export const runEndpoints = {
  createRun: everywhere('POST', '/mlflow/runs/create', 'create',
    { experiment_id: 'experiment', user_id: 'free', run_name: 'free', start_time: 'free', tags: 'runTags' }, ['experiment_id']),
  createPromptlabRun: onMlflow('POST', '/mlflow/runs/create-promptlab-run', 'create', {
    experiment_id: 'experiment', run_name: 'free', tags: 'runTags', prompt_template: 'free', prompt_parameters: 'free',
    model_route: 'free', model_parameters: 'free', model_input: 'free', model_output: 'free', model_output_parameters: 'free',
    mlflow_version: 'free', user_id: 'free', start_time: 'free',
  }, [], {
    request: 'handmade.CreatePromptlabRun', response: 'mlflow.CreateRun.Response',
    demands: byPromptlab.map((field) => ({ field, must: 'given' as const, sentence: `CreatePromptlabRun request must specify ${field}.` })),
  }),
  updateRun: everywhere('POST', '/mlflow/runs/update', 'update',
    { ...id, status: 'free', end_time: 'free', run_name: 'free' }, byId, { repeatable: true }),
  deleteRun: everywhere('POST', '/mlflow/runs/delete', 'delete', { run_id: 'run' }, ['run_id']),
  restoreRun: everywhere('POST', '/mlflow/runs/restore', 'update', { run_id: 'run' }, ['run_id']),
  // MLflow's database keeps a point once, however often it is logged: key, value, timestamp and step are its key.
  logMetric: everywhere('POST', '/mlflow/runs/log-metric', 'update',
    { ...id, ...metric, model_id: 'loggedModel' }, byId, { repeatable: true }),
  logParam: everywhere('POST', '/mlflow/runs/log-parameter', 'update', { ...id, key: 'free', value: 'free' }, byId, { repeatable: true }),
  logBatch: everywhere('POST', '/mlflow/runs/log-batch', 'update',
    { run_id: 'run', params: 'free', tags: 'runTags', 'metrics[].model_id': 'loggedModel', 'metrics[].run_id': 'relatedRun' }, ['run_id'],
    { repeatable: true }),
  logModel: everywhere('POST', '/mlflow/runs/log-model', 'update', { run_id: 'run', model_json: 'modelJson' }, ['run_id']),
  logInputs: everywhere('POST', '/mlflow/runs/log-inputs', 'update', {
    run_id: 'run', 'models[].model_id': 'relatedModel', 'datasets[].dataset.source': 'dataSource', 'datasets[].tags': 'free',
    ...Object.fromEntries(['name', 'digest', 'source_type', 'schema', 'profile'].map((name) => [`datasets[].dataset.${name}`, 'free' as const])),
  }, ['run_id'], { repeatable: true }),
  logOutputs: everywhere('POST', '/mlflow/runs/outputs', 'update', { run_id: 'run', 'models[].model_id': 'relatedModel' }, ['run_id']),
  setTag: everywhere('POST', '/mlflow/runs/set-tag', 'update', { ...id, key: 'tagKey', value: 'runTag' }, byId, { repeatable: true }),
  deleteTag: everywhere('POST', '/mlflow/runs/delete-tag', 'update', { run_id: 'run', key: 'free' }, ['run_id'], { tagKey: 'key' }),
  getRun: everywhere('GET', '/mlflow/runs/get', 'read', id, byId),
  searchRuns: everywhere('POST', '/mlflow/runs/search', 'search', {
    experiment_ids: 'experimentsToSearch', filter: 'filter', run_view_type: 'free', max_results: 'maxResults', order_by: 'orderBy',
    page_token: 'pageToken',
  }, [], { search: { rows: 'runs', pageSize: 1000, maxPageSize: 50000, nameColumn: null } }),
  getMetricHistory: everywhere('GET', '/mlflow/metrics/get-history', 'read',
    { ...id, metric_key: 'free', page_token: 'pageToken', max_results: 'maxResults' }, ['run_id|run_uuid', 'metric_key']),
  getMetricHistoryBulk: onMlflow('GET', '/mlflow/metrics/get-history-bulk', 'read',
    { run_id: 'runsToRead', metric_key: 'free', max_results: 'maxResults' }, [], {
    request: 'handmade.GetMetricHistoryBulk', response: 'handmade.GetMetricHistoryBulk.Response', answersNaN: true, demands: [
      { field: 'run_id', must: 'given', sentence: 'GetMetricHistoryBulk request must specify at least one run_id.' },
      { field: 'run_id', must: 100, sentence: 'GetMetricHistoryBulk request cannot specify more than 100 run_ids. Received {found} run_ids.' },
      { field: 'metric_key', must: 'present', sentence: 'GetMetricHistoryBulk request must specify a metric_key.' },
    ],
  }),
  getMetricHistoryBulkInterval: everywhere('GET', '/mlflow/metrics/get-history-bulk-interval', 'read',
    { run_ids: 'runsToRead', metric_key: 'free', start_step: 'free', end_step: 'free', max_results: 'maxResults' }, ['run_ids', 'metric_key'], {
    demands: [
      { field: 'run_ids', must: 100, sentence: 'GetMetricHistoryBulkInterval request must specify at most 100 run_ids. Received {found} run_ids.' },
    ],
  }),
} satisfies Record<string, EndpointRow>
