// biome-ignore-all format: one request a row
import type { Attack } from './attack.ts'

const api = '/api/3.0/mlflow'
const ajax = '/ajax-api/2.0/mlflow'
const none = [400, 403, 404]
const dataset = `${api}/datasets/{{ds_prod}}`
const schedule = JSON.stringify({ version: 1, cadence: 'hourly', model: { provider: 'openai', model: 'x', secretId: 's' } })
const scorer = (model: string) => JSON.stringify({ name: 'x', builtin_scorer_pydantic_data: { model } })

/** What names something of prod's: refused, as if it were not there, and nothing is changed. */
const foreign: readonly (readonly [method: string, path: string, json?: object])[] = [
  ['GET', dataset], ['DELETE', dataset, {}], ['GET', `${dataset}/records`], ['GET', `${dataset}/experiment-ids`], ['PATCH', `${dataset}/tags`, { tags: '{"a":"b"}' }], ['DELETE', `${dataset}/tags/note`, {}],
  ['DELETE', `${dataset}/records`, { dataset_record_ids: ['x'] }], ['POST', `${dataset}/add-experiments`, { experiment_ids: ['{{exp_acc}}'] }], ['POST', `${dataset}/remove-experiments`, { experiment_ids: ['{{exp_prod}}'] }],
  ['POST', `${api}/datasets/{{ds_acc}}/add-experiments`, { experiment_ids: ['{{exp_prod}}'] }], ['POST', `${api}/datasets/{{ds_acc}}/add-experiments`, { experiment_ids: ['{{exp_acc}}', '{{exp_prod}}'] }], ['POST', `${api}/datasets/create`, { name: 'x', experiment_ids: ['{{exp_prod}}'] }],
  ['POST', `${api}/datasets/create`, { name: 'x', tags: '{"mlflow.sourceRun":"{{run_prod}}"}' }], ['PATCH', `${api}/datasets/{{ds_acc}}/tags`, { tags: '{"mlflow.sourceRun":"{{run_prod}}"}' }],
  ['GET', `${api}/scorers/list?experiment_id={{exp_prod}}`], ['GET', `${api}/scorers/get?experiment_id={{exp_prod}}&name=wolverine`], ['GET', `${api}/scorers/versions?experiment_id={{exp_prod}}&name=wolverine`], ['DELETE', `${api}/scorers/delete`, { experiment_id: '{{exp_prod}}', name: 'wolverine' }],
  ['POST', `${api}/scorers/register`, { experiment_id: '{{exp_prod}}', name: 'x', serialized_scorer: scorer('openai:/x') }], ['PUT', `${api}/scorers/online-config`, { experiment_id: '{{exp_prod}}', name: 'x', sample_rate: 0 }],
  ['GET', `${api}/issues/{{iss_prod}}`], ['PATCH', `${api}/issues/{{iss_prod}}`, { name: 'mine' }], ['POST', `${api}/issues`, { experiment_id: '{{exp_prod}}', name: 'x', description: 'y' }], ['POST', `${api}/issues`, { experiment_id: '{{exp_acc}}', name: 'x', description: 'y', source_run_id: '{{run_prod}}' }],
  ['POST', `${api}/issues/search`, { experiment_id: '{{exp_prod}}' }], ['POST', `${api}/issues/search`, { experiment_id: '{{exp_prod}}', include_total_count: true }], ['POST', `${api}/issues/search`, { include_total_count: true }],
  ['POST', `${api}/issues`, { experiment_id: '{{exp_acc}}', name: 'x', description: 'y', issue_id: 'iss-../x' }],
  ['GET', `${api}/label-schemas/get?schema_id={{ls_prod}}`], ['GET', `${api}/label-schemas/get-by-name?experiment_id={{exp_prod}}&name=x`], ['GET', `${api}/label-schemas/list?experiment_id={{exp_prod}}`], ['PATCH', `${api}/label-schemas/update`, { schema_id: '{{ls_prod}}', instruction: 'x' }],
  ['DELETE', `${api}/label-schemas/delete`, { schema_id: '{{ls_prod}}' }], ['POST', `${api}/label-schemas/create`, { experiment_id: '{{exp_prod}}', name: 'x', type: 'FEEDBACK', input: { text: {} } }],
  ['GET', `${api}/review-queues/get?queue_id={{rq_prod}}`], ['GET', `${api}/review-queues/get-by-name?experiment_id={{exp_prod}}&name=x`], ['GET', `${api}/review-queues/list?experiment_id={{exp_prod}}`], ['GET', `${api}/review-queues/items/list?queue_id={{rq_prod}}`],
  ['POST', `${api}/review-queues/update`, { queue_id: '{{rq_prod}}', name: 'x' }], ['POST', `${api}/review-queues/delete`, { queue_id: '{{rq_prod}}' }], ['POST', `${api}/review-queues/items/remove`, { queue_id: '{{rq_prod}}', item_ids: ['{{tr_prod}}'] }],
  ['POST', `${api}/review-queues/items/set-status`, { queue_id: '{{rq_prod}}', item_id: '{{tr_prod}}', status: 'COMPLETE' }], ['POST', `${api}/review-queues/create`, { experiment_id: '{{exp_prod}}', name: 'x', queue_type: 'CUSTOM' }],
  ['POST', `${api}/review-queues/create`, { experiment_id: '{{exp_acc}}', name: 'x', queue_type: 'CUSTOM', schema_ids: ['{{ls_prod}}'] }], ['POST', `${api}/review-queues/update`, { queue_id: '{{rq_acc}}', schema_ids: ['{{ls_prod}}'], update_schema_ids: true }],
  ['POST', `${api}/review-queues/get-or-create-user`, { experiment_id: '{{exp_prod}}', user: 'x' }],
  ['POST', `${dataset}/records`, { records: '[{"inputs":{"q":"x"}}]' }], ['POST', `${api}/datasets/{{ds_acc}}/records`, { records: '[{"inputs":{"q":"x"},"source":{"source_type":"TRACE","source_data":{"trace_id":"{{tr_prod}}"}}}]' }],
  ['POST', `${api}/datasets/{{ds_acc}}/records`, { records: '[{"inputs":{"q":"x"},"tags":{"mlflow.sourceRun":"{{run_prod}}"}}]' }], ['POST', `${api}/review-queues/items/add`, { queue_id: '{{rq_prod}}', item_ids: ['{{tr_acc}}'] }], ['POST', `${api}/review-queues/items/add`, { queue_id: '{{rq_acc}}', item_ids: ['{{tr_acc}}', '{{tr_prod}}'] }],
  ['POST', '/api/2.0/mlflow/runs/set-tag', { run_id: '{{run_acc}}', key: 'mlflow.linkedPrompts', value: '[{"name":"{{m_prod}}","version":"1"}]' }], ['PATCH', '/api/2.0/mlflow/logged-models/{{lm_acc}}/tags', { tags: [{ key: 'mlflow.linkedPrompts', value: '[{"name":"{{m_prod}}","version":"1"}]' }] }],
  ['POST', '/api/2.0/mlflow/model-versions/set-tag', { name: 'fraud', version: '1', key: 'mlflow.prompt.associatedRunIds', value: '{{run_acc}},{{run_prod}}' }],
  ['GET', '/get-artifact?run_id={{run_prod}}&path=model/secret.txt'], ['GET', '/get-artifact?run_uuid={{run_prod}}&path=model/secret.txt'], ['HEAD', '/get-artifact?run_uuid={{run_prod}}&path=model/secret.txt'], ['GET', `${ajax}/logged-models/{{lm_prod}}/artifacts/files?artifact_file_path=MLmodel`],
  ['GET', '/model-versions/get-artifact?name={{m_prod}}&version=1&path=secret.txt'], ['POST', `${ajax}/runs/create-promptlab-run`, { experiment_id: '{{exp_prod}}', prompt_template: 'x', prompt_parameters: [{ key: 'a', value: 'b' }], model_route: 'x', model_input: 'x', mlflow_version: '1' }],
]

/** Searches that may say anything, and show own rows alone. */
const searches: readonly (readonly [method: string, path: string, json?: object])[] = [
  ['POST', `${api}/datasets/search`, {}], ['POST', `${api}/datasets/search`, { experiment_ids: ['{{exp_prod}}'] }], ['POST', `${api}/datasets/search`, { experiment_ids: ['{{exp_acc}}', '{{exp_prod}}'], max_results: 1 }], ['POST', `${api}/datasets/search`, { filter_string: "name LIKE '%wolverine%'" }],
  ['POST', `${ajax}/experiments/search-datasets`, { experiment_ids: ['{{exp_prod}}', '{{exp_acc}}'] }], ['POST', `${ajax}/experiments/search-datasets`, { experiment_ids: ['{{exp_prod}}'] }],
  ['GET', `${api}/scorers/list`], ['GET', `${api}/scorers/list?experiment_ids={{exp_prod}}&experiment_ids={{exp_acc}}`], ['GET', `${api}/scorers/list?experiment_ids={{exp_prod}}`], ['GET', `${api}/scorers/online-configs?scorer_ids={{sc_prod}}`],
  ['POST', `${api}/issues/search`, {}], ['POST', `${api}/issues/search`, { max_results: 1 }], ['POST', `${api}/issues/search`, { filter_string: "source_run_id = '{{run_prod}}'" }],
]

const html = (body: string) => (/quokka/.test(body) ? null : 'the own artifact was not sent')

/** Data sets, scorers, issues, label schemas, review queues, and artifacts as the UI asks for them. */
export const familyAttacks: readonly Attack[] = [
  ...foreign.map(([method, path, json]): Attack => ({ name: `${method} ${path} ${JSON.stringify(json ?? '')}`, method, path, ...(json === undefined ? {} : { json }), status: none })),
  ...searches.map(([method, path, json]): Attack => ({ name: `search: ${method} ${path} ${JSON.stringify(json ?? '')}`, method, path, ...(json === undefined ? {} : { json }), status: [200], twin: true })),
  ...['gateway:/x', ' GATEWAY:/x', 'endpoints:/x'].map((model): Attack => ({ name: `a scorer that calls ${model}`, method: 'POST', path: `${api}/scorers/register`, json: { experiment_id: '{{exp_acc}}', name: 'x', serialized_scorer: scorer(model) }, status: [403], unheard: true })),
  ...['{{ds_prod}}'.toUpperCase(), 'search', '..', 'x%2f..', 'd-', '%20{{ds_prod}}', '{{ds_prod}};x'].map((id): Attack => ({ name: `a data set called ${id}`, method: 'DELETE', path: `${api}/datasets/${id}`, json: {}, status: none, unheard: false, twin: false })),
  { name: 'a data set for everybody', method: 'POST', path: `${api}/datasets/{{ds_acc}}/remove-experiments`, json: { experiment_ids: ['{{exp_acc}}'] }, status: [400] },
  { name: 'all scorers, in a body', method: 'GET', path: `${api}/scorers/list`, json: { experiment_ids: ['{{exp_prod}}'] }, status: [200], twin: true },
  { name: 'no experiments, in a body', method: 'GET', path: `${api}/scorers/list`, json: { experiment_ids: [] }, status: [200] },
  { name: 'two slashes before a download', method: 'GET', path: '//get-artifact?run_uuid={{run_prod}}&path=model/secret.txt', status: [404] },
  { name: "an own run and prod's", method: 'GET', path: '/get-artifact?run_id={{run_acc}}&run_uuid={{run_prod}}&path=model/secret.txt', status: [400], unheard: true },
  // That an id is taken can be told, by this alone.
  { name: "an issue with the id of prod's", method: 'POST', path: `${api}/issues`, json: { experiment_id: '{{exp_acc}}', name: 'x', description: 'y', issue_id: '{{iss_prod}}' }, status: [404], twin: false },
  ...['mlflow.issueDetection.schedule', ' MLFLOW.issuedetection.scheduleState', 'mlflow.issueDetection.scheduleTraceFilter', 'mlflow.issueDetection.checkpoint'].flatMap((key): Attack[] => [
    { name: `the server is set to work by ${key}`, method: 'POST', path: '/api/2.0/mlflow/experiments/set-experiment-tag', json: { experiment_id: '{{exp_acc}}', key, value: schedule }, status: [403], unheard: true },
    { name: `a new experiment with ${key}`, method: 'POST', path: '/api/2.0/mlflow/experiments/create', json: { name: 'x', tags: [{ key, value: schedule }] }, status: [403], unheard: true },
  ]),
  ...[['POST', '/api/3.0/mlflow/skills'], ['GET', '/ajax-api/3.0/mlflow/skills?max_results=1'], ['POST', '/ajax-api/3.0/mlflow/issues/schedule/state']].map(([method = '', path = '']): Attack => ({
    name: `of the whole server: ${method} ${path}`, method, path, status: [403], unheard: true, ...(method === 'GET' ? {} : { json: { experiment_id: '{{exp_acc}}', name: 'x' } }),
  })),
  { name: 'a presigned URL of an own version', method: 'GET', path: '/model-versions/get-artifact?name=fraud&version=1&path=secret.txt&presigned=true', status: [400], unheard: true },
  { name: 'a presigned URL of an own logged model', method: 'GET', path: `${ajax}/logged-models/{{lm_acc}}/artifacts/files?artifact_file_path=MLmodel&presigned=true`, status: [400], unheard: true },
  { name: "upload into prod's run by its newer name", method: 'POST', path: `${ajax}/upload-artifact?run_id={{run_prod}}&path=x.txt`, text: 'taken over', status: none },
  { name: "upload into an own run and prod's", method: 'POST', path: `${ajax}/upload-artifact?run_uuid={{run_acc}}&run_id={{run_prod}}&path=x.txt`, text: 'taken over', status: [400], unheard: true },
  { name: 'an own artifact', method: 'GET', path: '/get-artifact?run_uuid={{run_acc}}&path=model/secret.txt', status: [200], check: html },
  { name: 'an own artifact of a version', method: 'GET', path: '/model-versions/get-artifact?name=fraud&version=1&path=secret.txt', status: [200], check: html },
  { name: 'an own artifact of a logged model', method: 'GET', path: `${ajax}/logged-models/{{lm_acc}}/artifacts/files?artifact_file_path=MLmodel`, status: [200], check: html },
  { name: 'a version in Production', method: 'GET', path: '/model-versions/get-artifact?name=relic&version=1&path=secret.txt', status: [403] },
  ...['../../{{run_prod}}/artifacts/model/secret.txt', '%2e%2e/x', '%252e%252e/x', '/etc/passwd', 'model/../../x', 'model\\..\\x', 'a%00b'].flatMap((path): Attack[] => [
    { name: `get-artifact ${path}`, method: 'GET', path: `/get-artifact?run_uuid={{run_acc}}&path=${path}`, status: [400, 404], twin: false },
    { name: `a version's ${path}`, method: 'GET', path: `/model-versions/get-artifact?name=fraud&version=1&path=${path}`, status: [400, 404], twin: false },
    { name: `a logged model's ${path}`, method: 'GET', path: `${ajax}/logged-models/{{lm_acc}}/artifacts/files?artifact_file_path=${path}`, status: [400, 404], twin: false },
    { name: `upload-artifact ${path}`, method: 'POST', path: `${ajax}/upload-artifact?run_uuid={{run_acc}}&path=${path}`, text: 'x', status: [400, 404], twin: false },
  ]),
  { name: "upload into prod's run", method: 'POST', path: `${ajax}/upload-artifact?run_uuid={{run_prod}}&path=x.txt`, text: 'taken over', status: none },
  { name: 'upload into what production is made of', method: 'POST', path: `${ajax}/upload-artifact?run_uuid={{relic_run}}&path=x.txt`, text: 'taken over', status: [403] },
  { name: 'as production, a version of acc', as: 'prod', method: 'GET', path: '/model-versions/get-artifact?name=fraud_acc&version=1&path=secret.txt', status: [200], check: html },
  { name: 'telemetry goes nowhere', method: 'POST', path: '/ajax-api/3.0/mlflow/ui-telemetry', json: { records: [{ event_name: 'x' }] }, status: [200], unheard: true },
  ...['GET', 'POST'].map((method): Attack => ({
    name: 'no deployments server is asked', method, path: '/ajax-api/2.0/mlflow/gateway-proxy', status: [200], unheard: true,
    ...(method === 'GET' ? {} : { json: { gateway_path: 'api/2.0/endpoints/' } }),
  })),
]
