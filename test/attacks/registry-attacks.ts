// biome-ignore-all format: one request a row
import type { Attack } from './attack.ts'

const api = '/api/2.0/mlflow'
const create = `${api}/model-versions/create`

/** Sources that lie in prod, or nowhere that is the caller's. */
const sources: readonly (readonly [source: string, more?: Readonly<Record<string, unknown>>])[] = [
  ['file://elsewhere{{path_prod}}/model', { run_id: '{{run_acc}}' }], ['file://{{m_prod}}/x'], ['models:/{{m_prod}}/1'], ['models:/{{m_prod}}/2'], ['models:/{{m_prod}}@champ'], ['models:/{{m_prod}}/latest'], ['models:/{{m_prod}}/Production'], ['models:/{{m_prod}}/production'],
  ['MODELS:/{{m_prod}}/1'], ['Models:/{{m_prod}}/1'], ['models:///{{m_prod}}/1'], ['models://{{m_prod}}/1'], ['models:/{{m_prod}}/01'], ['models:/{{m_prod}}/1/'], ['models:/{{m_prod}}%2f1'],
  ['models:/%66raud_prod/1'], ['models:/{{lm_prod}}'], ['models:/{{lm_prod}}/'], ['models:/{{lm_prod}}/model'], ['models:/{{m_prod}}'], ['models:{{m_prod}}/1'], ['models:/fraud/../{{m_prod}}/1'],
  [' models:/{{m_prod}}/1'], ['models:/{{m_prod}}/1 '], ['models:/{{m_prod}}/1?x'], ['models:/{{m_prod}}/1#x'], ['models:/fraud/1/../../{{m_prod}}/1'],
  ['runs:/{{run_prod}}/model'], ['runs:/{{run_prod}}/model', { run_id: '{{run_prod}}' }], ['runs:///{{run_prod}}/model'], ['RUNS:/{{run_prod}}/model'], ['runs:/{{run_prod}}'], ['runs://{{run_prod}}/model'],
  ['runs:/{{run_acc}}/../{{run_prod}}/model'], ['runs:/{{run_prod}}/model', { run_id: '{{run_acc}}' }], ['runs:/{{run_acc}}/model', { run_id: '{{run_prod}}' }],
  ['{{uri_prod}}/model'], ['{{uri_prod}}/model', { run_id: '{{run_prod}}' }], ['{{uri_prod}}/model', { run_id: '{{run_acc}}' }], ['{{uri_prod}}'], ['mlflow-artifacts:/{{exp_prod}}'], ['mlflow-artifacts:/'],
  ['mlflow-artifacts://127.0.0.1{{path_prod}}/model'], ['mlflow-artifacts://{{path_prod}}/model'], ['mlflow-artifacts:{{path_prod}}/../x'], ['MLFLOW-ARTIFACTS:{{path_prod}}/model'], ['mlflow-artifacts:/./{{exp_prod}}/x'],
  ['{{uri_acc}}/../../..{{path_prod}}/model', { run_id: '{{run_acc}}' }], ['{{uri_acc}}/%2e%2e/%2e%2e/%2e%2e{{path_prod}}/model', { run_id: '{{run_acc}}' }], ['{{uri_acc}}/..%2f..%2f..{{path_prod}}', { run_id: '{{run_acc}}' }],
  ['{{uri_acc}}/%252e%252e/x', { run_id: '{{run_acc}}' }], ['{{uri_acc}}\\..\\x', { run_id: '{{run_acc}}' }], ['{{uri_acc}}/model#/../x', { run_id: '{{run_acc}}' }], ['{{uri_acc}}/model?x=/..', { run_id: '{{run_acc}}' }],
  ['mlflow-artifacts:/{{exp_prod}}/{{run_acc}}/artifacts/model', { run_id: '{{run_acc}}' }], ['mlflow-artifacts:/{{exp_acc}}/{{run_prod}}/artifacts/model', { run_id: '{{run_acc}}' }],
  ['mlflow-artifacts:/0{{exp_prod}}/{{run_prod}}/artifacts/model'], ['mlflow-artifacts:/%3{{exp_prod}}/x'], ['mlflow-artifacts:/{{exp_prod}}/models/{{lm_prod}}/artifacts'], ['mlflow-artifacts:/{{exp_acc}}/models/{{lm_prod}}/artifacts'],
  ['file:///etc/passwd'], ['/etc/passwd'], ['file:/etc'], ['etc/passwd'], ['../../etc'], ['./mlruns'], ['file://localhost/etc'], ['C:\\Windows'], ['s3://other-bucket/prod'], ['gs://b/x'], ['abfss://c@a.dfs.core.windows.net/x'],
  ['dbfs:/databricks/mlflow-tracking/1/x'], ['dbfs:///x'], ['hdfs://h/x'], ['http://169.254.169.254/latest'], ['https://evil.example/x'], ['ftp://x/y'], ['sftp://x/y'], ['jdbc:x'], ['data:,x'], ['uc:/x'], ['prompts:/{{m_prod}}/1'],
  ['', {}], ['   '], ['mlflow-artifacts:/legacy'], ['wasbs://c@a.blob.core.windows.net/x'], ['hf:/x'], ['file:///tmp', { tags: [{ key: 'mlflow.prompt.is_prompt', value: 'true' }] }],
  ['/etc', { tags: [{ key: 'mlflow.prompt.is_prompt', value: 'true' }, { key: 'mlflow.prompt.text', value: 'x' }] }], ['models:/{{m_prod}}/1', { tags: [{ key: 'mlflow.prompt.is_prompt', value: 'true' }] }],
]

const stages = ['Production', 'production', 'PRODUCTION', 'pRoDuCtIoN', 'Production ', ' Production', 'Produ\u212ation', 'Produc\u200btion', 'Prod', 'Live', '\uff30roduction', 'Production\u0000', '']

const relic: readonly (readonly [name: string, method: string, path: string, json?: unknown])[] = [
  ['read it', 'GET', '/model-versions/get?name=relic&version=1'],
  ['ask for its place', 'GET', '/model-versions/get-download-uri?name=relic&version=1'],
  ['read it by its qualified name', 'GET', '/model-versions/get?name=relic_acc&version=1'],
  ['describe it', 'PATCH', '/model-versions/update', { name: 'relic', version: '1', description: 'x' }],
  ['delete it', 'DELETE', '/model-versions/delete', { name: 'relic', version: '1' }],
  ['archive it', 'POST', '/model-versions/transition-stage', { name: 'relic', version: '1', stage: 'Archived' }],
  ['move it to None', 'POST', '/model-versions/transition-stage', { name: 'relic', version: '1', stage: 'none' }],
  ['tag it', 'POST', '/model-versions/set-tag', { name: 'relic', version: '1', key: 'a', value: 'b' }],
  ['untag it', 'DELETE', '/model-versions/delete-tag', { name: 'relic', version: '1', key: 'a' }],
  ['alias it', 'POST', '/registered-models/alias', { name: 'relic', alias: 'mine', version: '1' }],
  ['delete its model', 'DELETE', '/registered-models/delete', { name: 'relic' }],
  ['rename its model', 'POST', '/registered-models/rename', { name: 'relic', new_name: 'relic2' }],
  ['copy it', 'POST', '/model-versions/create', { name: 'fraud', source: 'models:/relic/1', run_id: '{{relic_run}}' }],
  ['copy its stage', 'POST', '/model-versions/create', { name: 'fraud', source: 'models:/relic/Production', run_id: '{{relic_run}}' }],
  ['copy the latest', 'POST', '/model-versions/create', { name: 'fraud', source: 'models:/relic/latest', run_id: '{{relic_run}}' }],
]

const frozen: readonly (readonly [name: string, method: string, path: string, json?: unknown])[] = [
  ['delete its run', 'POST', '/mlflow/runs/delete', { run_id: '{{relic_run}}' }],
  ['change its run', 'POST', '/mlflow/runs/update', { run_id: '{{relic_run}}', run_name: 'x' }],
  ['log a param', 'POST', '/mlflow/runs/log-parameter', { run_id: '{{relic_run}}', key: 'a', value: 'b' }],
  ['log a metric', 'POST', '/mlflow/runs/log-metric', { run_id: '{{relic_run}}', key: 'a', value: 1, timestamp: 1 }],
  ['log a batch', 'POST', '/mlflow/runs/log-batch', { run_id: '{{relic_run}}', tags: [{ key: 'a', value: 'b' }] }],
  ['set a tag', 'POST', '/mlflow/runs/set-tag', { run_id: '{{relic_run}}', key: 'a', value: 'b' }],
  ['delete a tag', 'POST', '/mlflow/runs/delete-tag', { run_id: '{{relic_run}}', key: 'note' }],
  ['note a model', 'POST', '/mlflow/runs/log-model', { run_id: '{{relic_run}}', model_json: '{}' }],
  ['delete its artifact', 'DELETE', '/mlflow-artifacts/artifacts/{{exp_acc}}/{{relic_run}}/artifacts/model/secret.txt'],
  ['delete its artifacts', 'DELETE', '/mlflow-artifacts/artifacts/{{exp_acc}}/{{relic_run}}/artifacts'],
  ['delete its experiment', 'POST', '/mlflow/experiments/delete', { experiment_id: '{{exp_acc}}' }],
]

const version = (more: object) => ({ name: 'fraud', ...more })

/** What a caller may not do in the registry, though the names are their own. */
export const registryAttacks: readonly Attack[] = [
  ...sources.map(([source, more = {}]): Attack => ({
    name: `a version from ${source} ${JSON.stringify(more)}`, method: 'POST', path: create, json: version({ source, ...more }), status: [400, 403, 404],
  })),
  ...stages.flatMap((stage): Attack[] => [
    { name: `move to ${JSON.stringify(stage)}`, method: 'POST', path: `${api}/model-versions/transition-stage`, json: { name: 'fraud', version: '1', stage, archive_existing_versions: false }, status: [400, 403] },
    { name: `move to ${JSON.stringify(stage)} and archive`, method: 'POST', path: `/ajax-api/2.0/preview/mlflow/model-versions/transition-stage`, json: { name: 'fraud_acc', version: '1', stage, archiveExistingVersions: true }, status: [400, 403] },
  ]),
  ...relic.map(([name, method, path, json]): Attack => ({ name: `a version in Production: ${name}`, method, path: `${api}${path}`, ...(json === undefined ? {} : { json }), status: [403] })),
  ...frozen.map(([name, method, path, json]): Attack => ({ name: `what Production is made of: ${name}`, method, path: `/api/2.0${path}`, ...(json === undefined ? {} : { json }), status: [403] })),
  { name: 'what Production is made of: add an artifact', method: 'PUT', path: '/api/2.0/mlflow-artifacts/artifacts/{{exp_acc}}/{{relic_run}}/artifacts/model/new.txt', text: 'x', status: [403] },
  { name: 'what Production is made of: replace an artifact', method: 'PUT', path: '/ajax-api/2.0/mlflow-artifacts/artifacts/{{exp_acc}}/{{relic_run}}/artifacts/model/secret.txt', text: 'x', status: [403] },
  ...['create', 'complete', 'abort'].map((step): Attack => ({
    name: `what Production is made of: ${step} a multipart upload`, method: 'POST', path: `/api/2.0/mlflow-artifacts/mpu/${step}/{{exp_acc}}/{{relic_run}}/artifacts/model`, json: { path: 'x.bin', ...(step === 'create' ? { num_parts: 1 } : { upload_id: 'x' }) }, status: [403],
  })),
  ...['production', 'Production', 'PRODUCTION', ' production', 'pro\uff44uction'].map((alias): Attack => ({
    name: `the alias ${JSON.stringify(alias)}`, method: 'POST', path: `${api}/registered-models/alias`, json: { name: 'fraud', alias, version: '1' }, status: [400, 403],
  })),
  ...['mlflow-env-proxy.pendingStage'].flatMap((key): Attack[] => [
    { name: 'set the note of the proxy on a version', method: 'POST', path: `${api}/model-versions/set-tag`, json: { name: 'fraud', version: '1', key, value: 'Production' }, status: [400, 403] },
    { name: 'delete the note of the proxy', method: 'DELETE', path: `${api}/model-versions/delete-tag`, json: { name: 'fraud', version: '1', key }, status: [400, 403] },
    { name: 'create a version with the note of the proxy', method: 'POST', path: create, json: version({ source: '{{uri_acc}}/model', run_id: '{{run_acc}}', tags: [{ key, value: 'Production' }] }), status: [400, 403] },
    { name: 'set the note of the proxy on a run', method: 'POST', path: `${api}/runs/set-tag`, json: { run_id: '{{run_acc}}', key, value: 'Production' }, status: [400, 403] },
    { name: 'find versions by the note of the proxy', method: 'GET', path: `${api}/model-versions/search?filter=${encodeURIComponent(`tags.\`${key}\` = 'Staging'`)}`, status: [200, 400], check: (body) => (body.includes('fraud') ? 'the note finds versions' : null) },
  ]),
]
