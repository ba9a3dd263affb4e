// biome-ignore-all format: one request a row
import type { Attack } from './attack.ts'

const api = '/api/2.0/mlflow'
type Row = readonly [name: string, method: string, path: string, json?: unknown]

const refused = [404]

/** Everything that can be done to a run, done to the one that `{{run}}` stands for. */
export const runActions: readonly Row[] = [
  ['read a run', 'GET', '/runs/get?run_id={{run}}'],
  ['read a run by its old name', 'GET', '/runs/get?run_uuid={{run}}'],
  ['read a run by both names', 'GET', '/runs/get?run_id={{run}}&run_uuid={{run}}'],
  ['end a run', 'POST', '/runs/update', { run_id: '{{run}}', status: 'FINISHED', end_time: 1 }],
  ['rename a run by its old id', 'POST', '/runs/update', { run_uuid: '{{run}}', run_name: 'mine' }],
  ['delete a run', 'POST', '/runs/delete', { run_id: '{{run}}' }],
  ['restore a run', 'POST', '/runs/restore', { run_id: '{{run}}' }],
  ['log a metric', 'POST', '/runs/log-metric', { run_id: '{{run}}', key: 'a', value: 1, timestamp: 1 }],
  ['log a metric by the old id', 'POST', '/runs/log-metric', { run_uuid: '{{run}}', key: 'a', value: 1, timestamp: 1 }],
  ['log a param', 'POST', '/runs/log-parameter', { run_id: '{{run}}', key: 'a', value: 'b' }],
  ['log a param by the old id', 'POST', '/runs/log-parameter', { run_uuid: '{{run}}', key: 'a', value: 'b' }],
  ['log a batch', 'POST', '/runs/log-batch', { run_id: '{{run}}', params: [{ key: 'a', value: 'b' }] }],
  ['log an empty batch', 'POST', '/runs/log-batch', { run_id: '{{run}}' }],
  ['note a model', 'POST', '/runs/log-model', { run_id: '{{run}}', model_json: '{"run_id":"x"}' }],
  ['log inputs', 'POST', '/runs/log-inputs', { run_id: '{{run}}', datasets: [] }],
  ['log outputs', 'POST', '/runs/outputs', { run_id: '{{run}}', models: [] }],
  ['set a tag', 'POST', '/runs/set-tag', { run_id: '{{run}}', key: 'a', value: 'b' }],
  ['set a tag by the old id', 'POST', '/runs/set-tag', { run_uuid: '{{run}}', key: 'a', value: 'b' }],
  ['delete a tag', 'POST', '/runs/delete-tag', { run_id: '{{run}}', key: 'note' }],
  ['read a metric', 'GET', '/metrics/get-history?run_id={{run}}&metric_key=loss'],
  ['read a metric by the old id', 'GET', '/metrics/get-history?run_uuid={{run}}&metric_key=loss'],
  ['list artifacts', 'GET', '/artifacts/list?run_id={{run}}'],
  ['list artifacts by the old id', 'GET', '/artifacts/list?run_uuid={{run}}&path=model'],
]

const experimentActions: readonly Row[] = [
  ['read an experiment', 'GET', '/experiments/get?experiment_id={{exp}}'],
  ['delete an experiment', 'POST', '/experiments/delete', { experiment_id: '{{exp}}' }],
  ['restore an experiment', 'POST', '/experiments/restore', { experiment_id: '{{exp}}' }],
  ['rename an experiment', 'POST', '/experiments/update', { experiment_id: '{{exp}}', new_name: 'mine' }],
  ['tag an experiment', 'POST', '/experiments/set-experiment-tag', { experiment_id: '{{exp}}', key: 'a', value: 'b' }],
  ['untag an experiment', 'POST', '/experiments/delete-experiment-tag', { experiment_id: '{{exp}}', key: 'a' }],
  ['start a run', 'POST', '/runs/create', { experiment_id: '{{exp}}', start_time: 1 }],
]

const loggedModelActions: readonly Row[] = [
  ['create a logged model', 'POST', '/logged-models', { experiment_id: '{{exp}}', name: 'mine' }],
  ['read a logged model', 'GET', '/logged-models/{{lm}}'],
  ['read a deleted logged model', 'GET', '/logged-models/{{lm}}?allow_deleted=true'],
  ['finish a logged model', 'PATCH', '/logged-models/{{lm}}', { status: 'LOGGED_MODEL_UPLOAD_FAILED' }],
  ['finish a logged model said twice', 'PATCH', '/logged-models/{{lm}}', { model_id: '{{lm}}', status: 'LOGGED_MODEL_READY' }],
  ['delete a logged model', 'DELETE', '/logged-models/{{lm}}'],
  ['log params to a logged model', 'POST', '/logged-models/{{lm}}/params', { params: [{ key: 'a', value: 'b' }] }],
  ['tag a logged model', 'PATCH', '/logged-models/{{lm}}/tags', { tags: [{ key: 'a', value: 'b' }] }],
  ['untag a logged model', 'DELETE', '/logged-models/{{lm}}/tags/note'],
  ["list a logged model's artifacts", 'GET', '/logged-models/{{lm}}/artifacts/directories'],
]

function aim(rows: readonly Row[], owner: 'acc' | 'prod'): Row[] {
  const text = JSON.stringify(rows).replace(/\{\{(run|exp|lm)\}\}/g, `{{$1_${owner}}}`)
  return JSON.parse(text)
}

const bases = [api, '/ajax-api/2.0/mlflow', '/env/acc/api/2.0/mlflow', '/env/acc/ajax-api/2.0/mlflow', '/api/2.0/preview/mlflow', '/ajax-api/2.0/preview/mlflow']

const attack = (base: string, status: readonly number[], extra: Partial<Attack> = {}) => ([name, method, path, json]: Row): Attack => ({
  name: `${name} under ${base}`, method, path: `${base}${path}`, ...(json === undefined ? {} : { json }), status, ...extra,
})

/** Ids that only point at something of prod's, in requests about things of acc's. */
const pointers: readonly Row[] = [
  ...['mlflow.parentRunId', 'mlflow.rootRunId', 'mlflow.sourceRun', 'mlflow.dbconnect.parentRunId', 'MLFLOW.parentrunid', ' mlflow.parentRunId ', 'mlflow\uff0eparentRunId'].map((key): Row => [`the tag ${key}`, 'POST', '/runs/set-tag', { run_id: '{{run_acc}}', key, value: '{{run_prod}}' }]),
  ['the tag mlflow.modelId', 'POST', '/runs/set-tag', { run_id: '{{run_acc}}', key: 'mlflow.modelId', value: '{{lm_prod}}' }],
  ['a parent in a batch', 'POST', '/runs/log-batch', { run_id: '{{run_acc}}', tags: [{ key: 'x', value: 'y' }, { key: 'mlflow.parentRunId', value: '{{run_prod}}' }] }],
  ['a parent at creation', 'POST', '/runs/create', { experiment_id: '{{exp_acc}}', start_time: 1, tags: [{ key: 'mlflow.parentRunId', value: '{{run_prod}}' }] }],
  ['the history of models', 'POST', '/runs/set-tag', { run_id: '{{run_acc}}', key: 'mlflow.log-model.history', value: '[{"run_id":"{{run_prod}}","artifact_path":"model"}]' }],
  ['a model note of another run', 'POST', '/runs/log-model', { run_id: '{{run_acc}}', model_json: '{"run_id":"{{run_prod}}","artifact_path":"model"}' }],
  ['a model note of another model', 'POST', '/runs/log-model', { run_id: '{{run_acc}}', model_json: '{"model_id":"{{lm_prod}}"}' }],
  ["a metric of prod's model", 'POST', '/runs/log-metric', { run_id: '{{run_acc}}', key: 'a', value: 1, timestamp: 1, model_id: '{{lm_prod}}' }],
  ["a batch with a metric of prod's model", 'POST', '/runs/log-batch', { run_id: '{{run_acc}}', metrics: [{ key: 'a', value: 1, timestamp: 1 }, { key: 'b', value: 1, timestamp: 1, model_id: '{{lm_prod}}' }] }],
  ...['runs:/{{run_prod}}/data.csv', '{"uri":"runs:/{{run_prod}}/data.csv"}', '{"a":[{"uri":"models:/{{lm_prod}}"}]}', '{"uri":"{{uri_prod}}/data.csv"}', '{"uri":" RUNS:///{{run_prod}}"}', '{"uri":"models:/{{m_prod}}/1"}'].map((source): Row => [`data of ${source}`, 'POST', '/runs/log-inputs', { run_id: '{{run_acc}}', datasets: [{ dataset: { name: 'd', digest: 'x', source_type: 'local', source } }] }]),
  ["prod's model as an input", 'POST', '/runs/log-inputs', { run_id: '{{run_acc}}', models: [{ model_id: '{{lm_prod}}' }] }],
  ["prod's model as an output", 'POST', '/runs/outputs', { run_id: '{{run_acc}}', models: [{ model_id: '{{lm_acc}}', step: 1 }, { model_id: '{{lm_prod}}', step: 1 }] }],
  ["a logged model from prod's run", 'POST', '/logged-models', { experiment_id: '{{exp_acc}}', name: 'mine', source_run_id: '{{run_prod}}' }],
  ['a logged model with a parent tag', 'POST', '/logged-models', { experiment_id: '{{exp_acc}}', name: 'mine', tags: [{ key: 'mlflow.parentRunId', value: '{{run_prod}}' }] }],
  ["prod's run as a logged model's tag", 'PATCH', '/logged-models/{{lm_acc}}/tags', { tags: [{ key: 'mlflow.sourceRun', value: '{{run_prod}}' }] }],
  ["prod's run of a version", 'POST', '/model-versions/create', { name: 'fraud', source: '{{uri_acc}}/model', run_id: '{{run_prod}}' }],
  ["prod's model of a version", 'POST', '/model-versions/create', { name: 'fraud', source: '{{uri_acc}}/model', run_id: '{{run_acc}}', model_id: '{{lm_prod}}' }],
  ["prod's run in a version's tag", 'POST', '/model-versions/create', { name: 'fraud', source: '{{uri_acc}}/model', run_id: '{{run_acc}}', tags: [{ key: 'mlflow.parentRunId', value: '{{run_prod}}' }] }],
]

const notCanonical: readonly (readonly [string, (id: string) => string])[] = [
  ['a leading zero', (id) => `0${id}`],
  ['a leading space', (id) => ` ${id}`],
  ['a trailing space', (id) => `${id} `],
  ['a tab', (id) => `\t${id}`],
  ['a line end', (id) => `${id}\n`],
  ['a plus', (id) => `+${id}`],
  ['a minus', (id) => `-${id}`],
  ['a fraction', (id) => `${id}.0`],
  ['an exponent', (id) => `${id}e0`],
  ['an underscore', (id) => `0_${id}`],
  ['a no-break space', (id) => `\u00a0${id}`],
  ['a zero-width space', (id) => `\u200b${id}`],
  ['a hexadecimal prefix', (id) => `0x${id}`],
  ['a NUL', (id) => `${id}\0`],
  ['a quote', (id) => `'${id}'`],
  ['a comment', (id) => `${id}--`],
]

function experimentSpellings(): Attack[] {
  const spelt = notCanonical.flatMap(([name, write]): Attack[] => {
    const id = write('{{exp_prod}}')
    const common = { status: [400], unheard: true }
    return [
      { name: `search an experiment with ${name}`, method: 'POST', path: `${api}/runs/search`, json: { experiment_ids: [id] }, ...common },
      { name: `search an experiment with ${name} beside an own one`, method: 'POST', path: `${api}/runs/search`, json: { experiment_ids: ['{{exp_acc}}', id] }, ...common },
      { name: `start a run in an experiment with ${name}`, method: 'POST', path: `${api}/runs/create`, json: { experiment_id: id }, ...common },
      { name: `read an experiment with ${name}`, method: 'GET', path: `${api}/experiments/get?experiment_id=${encodeURIComponent(id).replaceAll('%7B', '{').replaceAll('%7D', '}')}`, ...common },
      { name: `search logged models of an experiment with ${name}`, method: 'POST', path: `${api}/logged-models/search`, json: { experiment_ids: [id] }, ...common },
    ]
  })
  return spelt
}

const runSpellings: readonly (readonly [string, string])[] = [
  ['a trailing space', '{{run_prod}} '],
  ['a leading space', ' {{run_prod}}'],
  ['a zero-width space', '{{run_prod}}\u200b'],
  ['a wildcard', '{{run_prod}}%'],
  ['a list', '{{run_acc}},{{run_prod}}'],
  ['a path', '{{run_acc}}/../{{run_prod}}'],
  ['another path', '../{{run_prod}}'],
  ['a line end', '{{run_prod}}\n'],
]

/** Reads and changes by ids of another environment, by every endpoint, and by every spelling of an id. */
export const idAttacks: readonly Attack[] = [
  ...bases.slice(0, 2).flatMap((base) => aim(runActions, 'prod').map(attack(base, refused))),
  ...bases.slice(2).flatMap((base) => aim(runActions.filter((_row, index) => index % 5 === 0), 'prod').map(attack(base, refused))),
  ...aim(experimentActions, 'prod').map(attack(api, refused)),
  ...aim(experimentActions, 'prod').map(attack('/env/acc/ajax-api/2.0/mlflow', refused)),
  ...aim(loggedModelActions, 'prod').map(attack(api, refused)),
  ...pointers.map(attack(api, [400, 403, 404])),
  ...pointers.map(attack('/ajax-api/2.0/mlflow', [400, 403, 404])),
  ...experimentSpellings(),
  ...runSpellings.flatMap(([name, id]): Attack[] => [
    { name: `read a run with ${name}`, method: 'GET', path: `${api}/runs/get?run_id=${encodeURIComponent(id).replaceAll('%7B', '{').replaceAll('%7D', '}')}`, status: [400, 404] },
    { name: `tag a run with ${name}`, method: 'POST', path: `${api}/runs/set-tag`, json: { run_id: id, key: 'a', value: 'b' }, status: [400, 404] },
  ]),
  ...['01', ' 1', '1 ', '+1', '1.0', '0_1', '1e0', '\uff11', '\u0661', '-1', '0', '2147483648', '1\0', '0x1'].flatMap((version): Attack[] => [
    { name: `read version ${JSON.stringify(version)}`, method: 'GET', path: `${api}/model-versions/get?name=fraud&version=${encodeURIComponent(version)}`, status: [400], unheard: true },
    { name: `move version ${JSON.stringify(version)}`, method: 'POST', path: `${api}/model-versions/transition-stage`, json: { name: 'fraud', version, stage: 'Archived' }, status: [400], unheard: true },
    { name: `alias version ${JSON.stringify(version)}`, method: 'POST', path: `${api}/registered-models/alias`, json: { name: 'fraud', alias: 'x', version }, status: [400], unheard: true },
  ]),
  ...['{{run_prod}} ', ' {{run_prod}}', '\t{{run_prod}}\n', '{{run_prod}}\u200b', '\u00a0{{run_prod}}', '{{run_prod}}\ufeff', '{{run_prod}}.', '{{run_prod}}%', '{{run_acc}},{{run_prod}}', "'{{run_prod}}'"].flatMap((id): Attack[] => [
    { name: `a parent run ${JSON.stringify(id)}`, method: 'POST', path: `${api}/runs/set-tag`, json: { run_id: '{{run_acc}}', key: 'mlflow.parentRunId', value: id }, status: [400, 404] },
    { name: `a source run ${JSON.stringify(id)}`, method: 'POST', path: `${api}/logged-models`, json: { experiment_id: '{{exp_acc}}', source_run_id: id }, status: [400, 404] },
  ]),
  { name: 'histories of own and foreign runs', method: 'GET', path: '/ajax-api/2.0/mlflow/metrics/get-history-bulk?run_id={{run_acc}}&run_id={{run_prod}}&metric_key=loss', status: [404] },
  { name: 'intervals of own and foreign runs', method: 'GET', path: '/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?run_ids={{run_acc}}&run_ids={{run_prod}}&metric_key=loss&max_results=10', status: [404] },
  { name: 'a metric by its ghost', method: 'GET', path: `${api}/metrics/get-history?run_id={{run_prod}}&metric_key=none&page_token=x&max_results=1`, status: [404] },
  { name: 'an integer for an experiment id', method: 'POST', path: `${api}/runs/search`, text: '{"experiment_ids":[{{exp_prod}}]}', headers: { 'Content-Type': 'application/json' }, status: [200], twin: true },
  { name: "a search in prod's experiment", method: 'POST', path: `${api}/runs/search`, json: { experiment_ids: ['{{exp_prod}}'] }, status: [200], twin: true },
  { name: "a search in both experiments", method: 'POST', path: `${api}/runs/search`, json: { experiment_ids: ['{{exp_acc}}', '{{exp_prod}}'] }, status: [200], twin: true },
  { name: "a search for logged models in prod's experiment", method: 'POST', path: `${api}/logged-models/search`, json: { experiment_ids: ['{{exp_prod}}'] }, status: [200], twin: true },
  { name: 'a search for logged models in both', method: 'POST', path: `${api}/logged-models/search`, json: { experiment_ids: ['{{exp_prod}}', '{{exp_acc}}'] }, status: [200], twin: true },
  { name: "a search for prod's run in an own experiment", method: 'POST', path: `${api}/runs/search`, json: { experiment_ids: ['{{exp_acc}}'], filter: "attributes.run_id IN ('{{run_prod}}')" }, status: [200], twin: true },
  { name: "prod's run said beside an own one", method: 'GET', path: `${api}/runs/get?run_id={{run_acc}}&run_uuid={{run_prod}}`, status: [400], unheard: true },
  { name: "an own run said beside prod's", method: 'POST', path: `${api}/runs/set-tag`, json: { run_id: '{{run_prod}}', run_uuid: '{{run_acc}}', key: 'a', value: 'b' }, status: [400], unheard: true },
  { name: 'a path parameter and another in the body', method: 'PATCH', path: `${api}/logged-models/{{lm_acc}}`, json: { model_id: '{{lm_prod}}', status: 'LOGGED_MODEL_READY' }, status: [400], unheard: true },
  { name: 'a path parameter and another in the query', method: 'GET', path: `${api}/logged-models/{{lm_acc}}?model_id={{lm_prod}}`, status: [400], unheard: true },
]
