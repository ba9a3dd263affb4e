/**
 * One request as it is on the wire: fields go into the query of a GET and into the JSON body of all others, `{{id}}` stands for what an
 * earlier request made. `keep` notes a text of the answer under a name; `own` are fields of the answer that are the proxy's business.
 */
export interface WireSample {
  readonly ask: string
  readonly fields?: object
  readonly body?: string
  readonly type?: string
  readonly keep?: Readonly<Record<string, readonly string[]>>
  readonly own?: readonly string[]
}

const experiment = '{{experiment}}'
const run_id = '{{run}}'
const source = 'mlflow-artifacts:/{{experiment}}/{{run}}/artifacts/model'
const metric = { run_id, key: 'auc', value: 0.5, timestamp: 1_700_000_000_123, step: 1 }
const version = { name: 'wire', version: '1' }

const wrongTypes = [31, 9.5, true, { b: 1, a: 'ü😀' }, ['x']]
const wrong = (ask: string, fields: object, name: string): WireSample[] =>
  wrongTypes.map((value) => ({ ask, fields: { ...fields, [name]: value } }))
const without = (ask: string, fields: object): WireSample[] =>
  Object.keys(fields).map((name) => ({ ask, fields: Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name)) }))

const tracking: readonly WireSample[] = [
  {
    ask: 'POST experiments/create',
    fields: { name: 'wire', tags: [{ key: 'ü', value: '😀' }] },
    keep: { experiment: ['experiment_id'] },
  },
  { ask: 'POST experiments/create', fields: { name: 'wire' } },
  { ask: 'GET experiments/get', fields: { experiment_id: experiment } },
  { ask: 'GET experiments/get-by-name', fields: { experiment_name: 'wire' } },
  { ask: 'GET experiments/get-by-name', fields: { experiment_name: 'none such' } },
  { ask: 'GET experiments/get', fields: { experiment_id: '987654' } },
  { ask: 'GET experiments/get', fields: { experiment_id: 'seven' } },
  { ask: 'GET experiments/get' },
  { ask: 'POST experiments/update', fields: { experiment_id: experiment, new_name: 'wire2' } },
  { ask: 'POST experiments/update', fields: { experiment_id: experiment, new_name: 'wire' } },
  { ask: 'POST experiments/search', fields: { max_results: 0 } },
  { ask: 'POST experiments/search', fields: { max_results: 5, filter: "name = 'wire'" } },
  { ask: 'POST experiments/search', fields: { max_results: 5, filter: "name = 'none such'" } },
  { ask: 'POST experiments/search', fields: { max_results: 5, order_by: ['colour'] } },
  { ask: 'POST experiments/search', fields: { max_results: 5, filter: "name = 'wire'", order_by: ['name', 'name'] } },
  { ask: 'GET experiments/search', fields: { max_results: 5, filter: "name = 'wire'", view_type: 'DELETED_ONLY' } },
  ...without('POST experiments/set-experiment-tag', { experiment_id: experiment, key: 'k', value: 'v' }),
  ...wrong('POST experiments/create', { name: 'w' }, 'name'),
  ...wrong('POST experiments/create', { name: 'w' }, 'artifact_location').slice(3),
  { ask: 'POST experiments/create', body: 'no JSON', type: 'text/plain' },
  { ask: 'POST experiments/create', body: '{}', type: 'application/json; charset=utf-8' },
  {
    ask: 'POST runs/create',
    fields: { experiment_id: experiment, start_time: 1_700_000_000_000, run_name: 'one', tags: [{ key: 'k', value: 'v' }] },
    keep: { run: ['run', 'info', 'run_id'] },
  },
  {
    ask: 'POST runs/create',
    fields: { experiment_id: experiment, start_time: '1700000000001', user_id: 'u', run_name: 'other' },
    keep: { other: ['run', 'info', 'run_id'] },
  },
  { ask: 'POST runs/create', fields: { experiment_id: '987654' } },
  { ask: 'GET runs/get', fields: { run_id } },
  { ask: 'GET runs/get', fields: { run_uuid: run_id } },
  { ask: 'GET runs/get', fields: { run_id: 'f'.repeat(32) } },
  { ask: 'GET runs/get', fields: { run_id: 'none' } },
  { ask: 'POST runs/log-metric', fields: metric },
  { ask: 'POST runs/log-metric', fields: { ...metric, value: 'NaN', step: 9_007_199_254_740_993n.toString() } },
  { ask: 'GET metrics/get-history', fields: { run_id, metric_key: 'auc' } },
  { ask: 'GET metrics/get-history', fields: { run_id, metric_key: 'none' } },
  { ask: 'GET metrics/get-history-bulk-interval', fields: { metric_key: 'auc' } },
  { ask: 'GET metrics/get-history-bulk-interval', fields: { run_ids: run_id, metric_key: 'auc', max_results: 123_456_789 } },
  { ask: 'GET metrics/get-history-bulk-interval', fields: { run_ids: run_id, metric_key: 'auc', start_step: 5, end_step: 1 } },
  ...without('POST runs/log-metric', metric).slice(0, 2),
  ...wrong('POST runs/log-metric', metric, 'key'),
  ...wrong('POST runs/log-metric', { run_id, step: 'late' }, 'key').slice(0, 1),
  { ask: 'POST runs/log-metric', fields: { run_id, step: 'late' } },
  { ask: 'POST runs/log-metric', fields: { ...metric, step: 'foo' } },
  { ask: 'POST runs/log-parameter', fields: { run_id, key: 'depth', value: '7' } },
  { ask: 'POST runs/log-parameter', fields: { run_id, key: 'depth', value: '8' } },
  ...wrong('POST runs/set-tag', { run_id, key: 'k' }, 'value'),
  { ask: 'POST runs/delete-tag', fields: { run_id, key: 'none' } },
  { ask: 'POST runs/log-batch', fields: { run_id, metrics: [{ key: 'm' }] } },
  { ask: 'POST runs/log-batch', fields: { run_id, metrics: 'foo' } },
  { ask: 'POST runs/log-batch', fields: { run_id, params: [{ key: 'depth', value: '9' }] } },
  {
    ask: 'POST runs/log-inputs',
    fields: { datasets: [{ dataset: { name: 'd', digest: 'x', source_type: 's', source: '{}' } }] },
  },
  { ask: 'POST runs/update', fields: { run_id, status: 'FINISHED', end_time: 1_700_000_001_000 } },
  { ask: 'POST runs/search', fields: { experiment_ids: [experiment], filter: "params.depth = '7'" } },
  { ask: 'POST runs/search', fields: { experiment_ids: [experiment], filter: "params.depth = 'none'" } },
  { ask: 'POST runs/search', fields: { experiment_ids: [experiment], filter: 'colour = 7' } },
  {
    ask: 'POST runs/search',
    fields: { experiment_ids: [experiment], order_by: ['start_time DESC'], max_results: 1, run_view_type: 'ALL' },
    own: ['next_page_token'],
  },
  { ask: 'POST runs/search', fields: { experiment_ids: [experiment], max_results: 123_456_789 } },
  { ask: 'POST runs/search', fields: { experiment_ids: ['987654'] } },
  { ask: 'GET artifacts/list', fields: { run_id } },
  { ask: 'GET artifacts/list', fields: { run_id, path: '../path' } },
  { ask: 'GET /get-artifact', fields: { run_id, path: '../path' } },
  { ask: 'GET //get-artifact', fields: { run_id, path: '../path' } },
  { ask: 'GET //model-versions/get-artifact', fields: { name: 'wire', version: '1', path: '../path' } },
  { ask: 'POST runs/delete', fields: { run_id: '{{other}}' } },
  { ask: 'POST runs/set-tag', fields: { run_id: '{{other}}', key: 'k', value: 'v' } },
  { ask: 'POST runs/restore', fields: { run_id: '{{other}}' } },
]

const registry: readonly WireSample[] = [
  { ask: 'POST registered-models/create', fields: { name: 'wire', description: 'ü', tags: [{ key: 'k', value: 'v' }] } },
  { ask: 'POST registered-models/create', fields: { name: 'wire' } },
  { ask: 'GET registered-models/get', fields: { name: 'wire' } },
  { ask: 'GET registered-models/get', fields: { name: 'none such' } },
  { ask: 'GET registered-models/search', fields: { filter: "name = 'wire'" } },
  { ask: 'GET registered-models/search', fields: { filter: "name = 'none such'" } },
  { ask: 'GET registered-models/search', fields: { max_results: 123_456_789 } },
  { ask: 'GET registered-models/search', fields: { page_token: 'none' } },
  ...wrong('PATCH registered-models/update', { name: 'wire' }, 'description'),
  ...wrong('DELETE registered-models/delete', {}, 'name'),
  {
    ask: 'POST model-versions/create',
    fields: { name: 'wire', source, run_id },
    own: ['current_stage', 'last_updated_timestamp', 'tags'],
  },
  { ask: 'POST model-versions/create', fields: { name: 'none such', source, run_id } },
  { ask: 'POST model-versions/create', fields: { name: 'wire', source, run_id: '{{other}}' } },
  { ask: 'POST model-versions/create', fields: { name: 'wire', source: '/tmp' } },
  { ask: 'POST model-versions/create', fields: { name: 'wire', source: 'file:///tmp', run_id } },
  { ask: 'POST model-versions/create', fields: { name: 'wire', source: 'file://123.456.789.123/path', run_id } },
  ...without('POST model-versions/create', { name: 'wire', source }),
  { ask: 'POST model-versions/transition-stage', fields: { ...version, stage: 'staging' } },
  { ask: 'POST model-versions/transition-stage', fields: { ...version, stage: 'upstairs' } },
  { ask: 'GET model-versions/get', fields: version },
  { ask: 'GET model-versions/get', fields: { ...version, version: '77' } },
  { ask: 'GET model-versions/get', fields: { ...version, version: 'one' } },
  { ask: 'GET model-versions/get-download-uri', fields: version },
  { ask: 'GET model-versions/search', fields: { filter: "name = 'wire'" } },
  { ask: 'GET model-versions/search', fields: { filter: "name = 'none such'" } },
  { ask: 'POST registered-models/get-latest-versions', fields: { name: 'wire' } },
  { ask: 'POST registered-models/get-latest-versions', fields: { name: 'wire', stages: ['upstairs'] } },
  { ask: 'POST registered-models/alias', fields: { ...version, alias: 'champion' } },
  { ask: 'POST registered-models/alias', fields: { ...version, alias: 'latest' } },
  { ask: 'GET registered-models/alias', fields: { name: 'wire', alias: 'champion' } },
  { ask: 'GET registered-models/alias', fields: { name: 'wire', alias: 'none' } },
  ...wrong('POST model-versions/set-tag', version, 'key'),
  { ask: 'DELETE model-versions/delete-tag', fields: { ...version, key: 'none' } },
]

const traces: readonly WireSample[] = [
  {
    ask: 'POST /api/3.0/mlflow/traces/search',
    fields: { locations: [{ type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: experiment } }] },
  },
  { ask: 'GET traces', fields: { experiment_ids: experiment } },
  {
    ask: 'POST logged-models',
    fields: { experiment_id: experiment, name: 'm', source_run_id: run_id },
    keep: { model: ['model', 'info', 'model_id'] },
  },
  { ask: 'GET logged-models/{{model}}' },
  { ask: 'GET logged-models/m-ffffffffffffffffffffffffffffffff' },
  { ask: 'POST logged-models/search', fields: { experiment_ids: [experiment], filter: "name = 'none'" } },
]

/** Requests whose answers through the proxy are MLflow's own, in the order in which they are asked. */
export const wireSamples: readonly WireSample[] = [...tracking, ...registry, ...traces]
