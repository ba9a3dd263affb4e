// biome-ignore-all format: one request a row
import type { Attack } from './attack.ts'
import { runActions } from './id-attacks.ts'

const api = '/api/2.0/mlflow'
const prod = { as: 'prod', twin: false } as const
type Row = readonly [name: string, method: string, path: string, json?: unknown]

/** Changes of acc's registry by prod. */
const registryChanges: readonly Row[] = [
  ['rename a model', 'POST', '/registered-models/rename', { name: 'fraud_acc', new_name: 'stolen' }],
  ['rename a model into acc', 'POST', '/registered-models/rename', { name: 'spare', new_name: 'gift_acc' }],
  ['describe a model', 'PATCH', '/registered-models/update', { name: 'fraud_acc', description: 'x' }],
  ['delete a model', 'DELETE', '/registered-models/delete', { name: 'fraud_acc' }],
  ['create a model', 'POST', '/registered-models/create', { name: 'gift_acc' }],
  ['tag a model', 'POST', '/registered-models/set-tag', { name: 'fraud_acc', key: 'a', value: 'b' }],
  ['untag a model', 'DELETE', '/registered-models/delete-tag', { name: 'fraud_acc', key: 'a' }],
  ['alias a model', 'POST', '/registered-models/alias', { name: 'fraud_acc', alias: 'best', version: '1' }],
  ['delete an alias', 'DELETE', '/registered-models/alias', { name: 'fraud_acc', alias: 'best' }],
  ['create a version', 'POST', '/model-versions/create', { name: 'fraud_acc', source: '{{uri_prod}}/model', run_id: '{{run_prod}}' }],
  ['describe a version', 'PATCH', '/model-versions/update', { name: 'fraud_acc', version: '1', description: 'x' }],
  ['delete a version', 'DELETE', '/model-versions/delete', { name: 'fraud_acc', version: '1' }],
  ['tag a version', 'POST', '/model-versions/set-tag', { name: 'fraud_acc', version: '1', key: 'a', value: 'b' }],
  ['untag a version', 'DELETE', '/model-versions/delete-tag', { name: 'fraud_acc', version: '1', key: 'a' }],
  ['archive a version', 'POST', '/model-versions/transition-stage', { name: 'fraud_acc', version: '1', stage: 'Archived', archive_existing_versions: false }],
  ['move a version to None', 'POST', '/model-versions/transition-stage', { name: 'fraud_acc', version: '1', stage: 'None', archive_existing_versions: false }],
  ['promote a version and archive the others', 'POST', '/model-versions/transition-stage', { name: 'fraud_acc', version: '1', stage: 'Production', archive_existing_versions: true }],
  ['promote a version again', 'POST', '/model-versions/transition-stage', { name: 'relic_acc', version: '1', stage: 'Production', archive_existing_versions: false }],
  ['take a version out of Production', 'POST', '/model-versions/transition-stage', { name: 'relic_acc', version: '1', stage: 'Archived', archive_existing_versions: false }],
]

/** What lies in acc and is behind no version of acc: prod may not even see it. */
const notPromoted: readonly Row[] = runActions.map(([name, method, path, json]) => JSON.parse(JSON.stringify([name, method, path, json]).replaceAll('{{run}}', '{{run2_acc}}')))
/** Changes of the run behind a version, which prod may read. */
const promoted: readonly Row[] = runActions.filter(([, method]) => method !== 'GET').map(([name, method, path, json]) => JSON.parse(JSON.stringify([name, method, path, json]).replaceAll('{{run}}', '{{run_acc}}')))

const attack = (status: readonly number[]) => ([name, method, path, json]: Row): Attack => ({ ...prod, name: `prod: ${name}`, method, path: `${api}${path}`, ...(json === undefined || json === null ? {} : { json }), status })

/** What a promoter may not do, and where promotion's reading ends. */
export const promotionAttacks: readonly Attack[] = [
  ...registryChanges.map(attack([403])),
  ...notPromoted.map(attack([404])),
  ...promoted.map(attack([404])),
  ...[['GET', '/experiments/get?experiment_id={{exp_acc}}'], ['GET', '/artifacts/list?run_id={{run2_acc}}'], ['GET', '/experiments/get?experiment_id={{default_acc}}']].map(([method = '', path = '']): Attack => ({ ...prod, name: `prod: ${method} ${path}`, method, path: `${api}${path}`, status: [404] })),
  { ...prod, name: 'prod: read an experiment of acc by its name', method: 'GET', path: `${api}/experiments/get-by-name?experiment_name={{e_acc}}`, status: [403], unheard: true },
  { ...prod, name: 'prod: start a run in acc', method: 'POST', path: `${api}/runs/create`, json: { experiment_id: '{{exp_acc}}' }, status: [404] },
  { ...prod, name: 'prod: delete an experiment of acc', method: 'POST', path: `${api}/experiments/delete`, json: { experiment_id: '{{exp_acc}}' }, status: [404] },
  { ...prod, name: 'prod: search runs of acc', method: 'POST', path: `${api}/runs/search`, json: { experiment_ids: ['{{exp_acc}}'] }, status: [200], check: (body) => (body.includes('quokka') ? "acc's runs are shown" : null) },
  { ...prod, name: 'prod: search experiments', method: 'GET', path: `${api}/experiments/search?max_results=100`, status: [200], check: (body) => (/acc/.test(body) ? "acc's experiments are shown" : null) },
  { ...prod, name: 'prod: search models', method: 'GET', path: `${api}/registered-models/search`, status: [200], check: (body) => (/acc|nobody/.test(body) ? "acc's models are shown" : null) },
  { ...prod, name: 'prod: upload to a promoted run', method: 'PUT', path: '/api/2.0/mlflow-artifacts/artifacts{{path_acc}}/x.txt', text: 'x', status: [404] },
  { ...prod, name: "prod: delete a promoted run's artifacts", method: 'DELETE', path: '/api/2.0/mlflow-artifacts/artifacts{{path_acc}}/model/secret.txt', status: [404] },
  { ...prod, name: 'prod: read artifacts that are not promoted', method: 'GET', path: '/api/2.0/mlflow-artifacts/artifacts/{{exp_acc}}/{{run2_acc}}/artifacts/model/secret.txt', status: [404] },
  { ...prod, name: "prod: list acc's experiment folder", method: 'GET', path: '/api/2.0/mlflow-artifacts/artifacts?path={{exp_acc}}', status: [404] },
  { ...prod, name: 'prod: a version from a run that is not promoted', method: 'POST', path: `${api}/model-versions/create`, json: { name: 'fraud', source: 'mlflow-artifacts:/{{exp_acc}}/{{run2_acc}}/artifacts/model', run_id: '{{run2_acc}}' }, status: [400, 403, 404] },
  { ...prod, name: 'prod: a version from a run that is not promoted, by runs:', method: 'POST', path: `${api}/model-versions/create`, json: { name: 'fraud', source: 'runs:/{{run2_acc}}/model', run_id: '{{run2_acc}}' }, status: [400, 403, 404] },
  { ...prod, name: 'prod: finish a logged model of acc', method: 'PATCH', path: `${api}/logged-models/{{lm_acc}}`, json: { status: 'LOGGED_MODEL_READY' }, status: [404] },
  { ...prod, name: 'prod: a parent run of acc that is not promoted', method: 'POST', path: `${api}/runs/set-tag`, json: { run_id: '{{run_prod}}', key: 'mlflow.parentRunId', value: '{{run2_acc}}' }, status: [404] },
  { ...prod, name: 'prod: the mirror of the address', method: 'GET', path: '/env/acc/api/2.0/mlflow/runs/get?run_id={{run_acc}}', status: [403] },
  { ...prod, name: "nobody's model", method: 'GET', path: `${api}/registered-models/get?name=legacy`, status: [404] },
]

const is = (wanted: RegExp, unwanted = /_acc|\/experiments\//) => (body: string) => (!wanted.test(body) ? `not ${wanted}` : unwanted.test(body) ? `holds ${unwanted}` : null)
const none = /$^/

/** What must work, in the callers' own names. */
export const positives: readonly Attack[] = [
  { name: 'an experiment by its name', method: 'GET', path: `${api}/experiments/get-by-name?experiment_name=churn`, status: [200], check: is(/"name":"churn"/) },
  { name: 'an experiment by its qualified name', method: 'GET', path: `${api}/experiments/get-by-name?experiment_name={{e_acc}}`, status: [200], check: is(/"name":"churn"/) },
  { name: 'an experiment by its id', method: 'GET', path: `${api}/experiments/get?experiment_id={{exp_acc}}`, status: [200], check: is(/"name":"churn"/) },
  { name: 'the default experiment', method: 'GET', path: `${api}/experiments/get?experiment_id=0`, status: [200], check: is(/"experiment_id":"0","name":"Default"/) },
  { name: 'the default experiment by its real id', method: 'GET', path: `${api}/experiments/get?experiment_id={{default_acc}}`, status: [200], check: is(/"experiment_id":"0","name":"Default"/) },
  { name: 'all experiments', method: 'POST', path: `${api}/experiments/search`, json: { max_results: 100 }, status: [200], check: is(/"churn".*|"spare"/) },
  { name: 'a model', method: 'GET', path: `${api}/registered-models/get?name=fraud`, status: [200], check: is(/"name":"fraud"/) },
  { name: 'a model by its qualified name', method: 'GET', path: `${api}/registered-models/get?name=fraud_acc`, status: [200], check: is(/"name":"fraud"/) },
  { name: 'a version', method: 'GET', path: `${api}/model-versions/get?name=fraud&version=1`, status: [200], check: is(/"current_stage":"Staging"/) },
  { name: 'an alias', method: 'GET', path: `${api}/registered-models/alias?name=fraud&alias=best`, status: [200], check: is(/"version":"1"/) },
  { name: 'a run', method: 'GET', path: `${api}/runs/get?run_id={{run_acc}}`, status: [200], check: is(/quokka/) },
  { name: 'a run in camelCase', method: 'GET', path: `${api}/runs/get?runId={{run_acc}}`, status: [200], check: is(/quokka/) },
  { name: 'runs', method: 'POST', path: `${api}/runs/search`, json: { experiment_ids: ['{{exp_acc}}'], filter: "params.word LIKE '%quokka%' and metrics.loss < 1", order_by: ['attributes.start_time DESC'] }, status: [200], check: is(/quokka/) },
  { name: 'a metric', method: 'GET', path: `${api}/metrics/get-history?run_id={{run_acc}}&metric_key=loss`, status: [200], check: is(/0\.5/) },
  { name: 'artifacts', method: 'GET', path: `${api}/artifacts/list?run_id={{run_acc}}&path=model`, status: [200], check: is(/secret\.txt/) },
  { name: 'an artifact', method: 'GET', path: '/api/2.0/mlflow-artifacts/artifacts{{path_acc}}/model/secret.txt', status: [200], check: is(/^quokka-of-acc$/, none) },
  { name: 'an artifact for the UI', method: 'GET', path: '/ajax-api/2.0/mlflow-artifacts/artifacts{{path_acc}}/model/secret.txt', status: [200], check: is(/^quokka-of-acc$/, none) },
  { name: "a logged model's search", method: 'POST', path: `${api}/logged-models/search`, json: { experiment_ids: ['{{exp_acc}}'], filter: "name = 'quokka-of-acc' AND params.word = 'quokka-of-acc' AND creation_timestamp > 0", order_by: [{ field_name: 'creation_time', ascending: false }] }, status: [200], check: is(/quokka/) },
  { name: 'a logged model', method: 'GET', path: `${api}/logged-models/{{lm_acc}}`, status: [200], check: is(/quokka/) },
  { name: 'GraphQL: a run, its experiment and its versions', method: 'POST', path: '/graphql', json: { query: 'query R($r:String!) @component(name:"x") {mlflowGetRun(input:{runId:$r}){apiError{code} run{info{runUuid experimentId startTime status} data{params{key value} metrics{value step}} experiment{name tags{key}} modelVersions{name status} inputs{datasetInputs{tags{key}}}}}}', variables: { r: '{{run_acc}}' } }, status: [200], check: is(/^\{"data":\{"mlflowGetRun":\{"apiError":null,"run":\{"info":\{"runUuid":"[0-9a-f]{32}","experimentId":"\d+","startTime":"1700000000000","status":"RUNNING"\},"data":\{"params":\[\{"key":"word","value":"quokka-of-acc"\}\],"metrics":\[\{"value":0.5,"step":"1"\}\]\},"experiment":\{"name":"churn","tags":\[.*\]\},"modelVersions":\[\{"name":"fraud","status":"READY"\}.*"inputs":\{"datasetInputs":\[\]\}.*"errors":null\}$/) },
  { name: 'GraphQL: runs of the default experiment and of another', method: 'POST', path: '/graphql', json: { query: 'mutation S($d:MlflowSearchRunsInput){mlflowSearchRuns(input:$d){runs{info{runId} experiment{name} modelVersions{name}} nextPageToken}}', variables: { d: { experimentIds: ['0', '{{exp_acc}}', '{{exp_prod}}'], runViewType: 'ACTIVE_ONLY', maxResults: 100 } } }, status: [200], twin: false, check: is(/"experiment":\{"name":"churn"\},"modelVersions":\[\{"name":"fraud"\}.*"errors":null/) },
  { name: 'GraphQL: versions, artifacts, a metric and an experiment at once', method: 'POST', path: '/graphql', json: { query: '{a:mlflowSearchModelVersions(input:{filter:"name=\'fraud\'" maxResults:2}){modelVersions{name source creationTimestamp}} b:mlflowListArtifacts(input:{runId:"{{run_acc}}",path:"model"}){files{path isDir fileSize}} c:mlflowGetMetricHistoryBulkInterval(input:{runIds:["{{run_acc}}"],metricKey:"loss",maxResults:10}){metrics{value runId}} d:mlflowGetExperiment(input:{experimentId:"0"}){experiment{experimentId name}}}' }, status: [200], check: is(/"a":\{"modelVersions":\[\{"name":"fraud","source":"[^"]+","creationTimestamp":"\d+"\}.*"b":\{"files":\[\{"path":"model\/secret.txt","isDir":false,"fileSize":"\d+"\}\]\},"c":\{"metrics":\[\{"value":0.5,"runId":"[0-9a-f]{32}"\}\]\},"d":\{"experiment":\{"experimentId":"0","name":"Default"\}\}\},"errors":null/) },
  { name: 'the version of the server', method: 'GET', path: '/version', status: [200] },
  { name: 'health without a token', as: 'anonymous', method: 'GET', path: '/health', status: [200], unheard: true },
  { name: 'who am I', method: 'GET', path: '/-/whoami', status: [200], check: is(/"environment":"acc"/, none) },
  { name: 'models', method: 'GET', path: `${api}/registered-models/search?filter=${encodeURIComponent("name LIKE 'fra%'")}`, status: [200], check: is(/"name":"fraud"/) },
  { name: 'versions of a model', method: 'GET', path: `${api}/model-versions/search?filter=${encodeURIComponent("name='fraud'")}`, status: [200], check: is(/"name":"fraud"/) },
  { name: 'versions of a run', method: 'GET', path: `${api}/model-versions/search?filter=run_id%3D%27{{run_acc}}%27`, status: [200], check: is(/"name":"fraud"/) },
  { ...prod, name: "prod: a version of acc", method: 'GET', path: `${api}/model-versions/get?name=fraud_acc&version=1`, status: [200], check: is(/"name":"fraud_acc"/, none) },
  { ...prod, name: "prod: versions of acc", method: 'GET', path: `${api}/model-versions/search?filter=${encodeURIComponent("name='fraud_acc'")}`, status: [200], check: is(/"name":"fraud_acc"/, none) },
  { ...prod, name: 'prod: the run behind a version of acc', method: 'GET', path: `${api}/runs/get?run_id={{run_acc}}`, status: [200], check: is(/quokka/, none) },
  { ...prod, name: 'prod: the artifact behind a version of acc', method: 'GET', path: '/api/2.0/mlflow-artifacts/artifacts{{path_acc}}/model/secret.txt', status: [200], check: is(/^quokka-of-acc$/, none) },
  { ...prod, name: 'prod: an own version in Production', method: 'GET', path: `${api}/model-versions/get?name=fraud&version=1`, status: [200], check: is(/"current_stage":"Production"/, none) },
]
