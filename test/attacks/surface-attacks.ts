// biome-ignore-all format: one request a row
import { closedEndpoints, openEndpoints } from '../../src/policy/endpoints/endpoint-table.ts'
import type { Attack } from './attack.ts'

const api = '/api/2.0/mlflow'

/** Routes of native and newer servers, of proxies and of guesswork. Nothing of them is served. */
const unknown: readonly (readonly [method: string, path: string])[] = [
  ['GET', '/index.html'], ['GET', '/build/index.html'], ['GET', '/static-files/../mlflow.db'], ['GET', '/metrics'], ['GET', '/livez'], ['GET', '/readyz'], ['GET', '/healthz'], ['GET', '/docs'], ['GET', '/redoc'], ['GET', '/openapi.json'], ['GET', '/favicon.ico'],
  ['GET', '/robots.txt'], ['GET', '/.env'], ['GET', '/.git/config'], ['GET', '/admin'], ['GET', '/debug/pprof'], ['GET', '/server-status'], ['GET', '/-/config'], ['GET', '/-/'], ['POST', '/-/whoami'], ['GET', '/-/whoami/x'], ['GET', '/env'], ['GET', '/env/'], ['GET', '/env//'],
  ['GET', '/gateway/mlflow/v1/models'], ['POST', '/gateway/fraud/mlflow/invocations'], ['POST', '/gateway/mlflow/v1/chat/completions'], ['POST', '/gateway/openai/v1/responses'], ['POST', '/gateway/proxy/x/y'], ['POST', '/gateway/anthropic/v1/messages'], ['GET', '/ajax-api/3.0/mlflow/gateway/secrets/list'],
  ['POST', '/ajax-api/3.0/mlflow/gateway/secrets/create'], ['GET', '/ajax-api/3.0/mlflow/gateway/endpoints/list'], ['GET', '/ajax-api/3.0/jobs/x'], ['POST', '/ajax-api/3.0/jobs'], ['POST', '/ajax-api/3.0/jobs/search'], ['PATCH', '/ajax-api/3.0/jobs/cancel/x'], ['POST', '/v1/logs'], ['POST', '/v1/metrics'],
  ['POST', '/graphql'], ['GET', '/graphql'], ['HEAD', '/graphql'], ['GET', '/ajax-api/2.0/mlflow/webhooks'], ['POST', '/api/2.0/mlflow/webhooks'], ['GET', '/api/3.0/mlflow/workspaces'], ['POST', '/api/3.0/mlflow/workspaces'], ['GET', '/api/3.0/mlflow/mcp-servers'], ['POST', '/ajax-api/3.0/mlflow/assistant/message'], ['GET', '/ajax-api/3.0/mlflow/assistant/config'],
  ['POST', '/ajax-api/3.0/mlflow/demo/generate'], ['POST', '/api/3.0/mlflow/scorers/register'], ['GET', '/api/3.0/mlflow/datasets/search'], ['POST', '/api/3.0/mlflow/datasets/create'], ['POST', '/ajax-api/2.0/mlflow/experiments/search-datasets'], ['POST', '/api/2.0mlflow/experiments/search-datasets'],
  ['GET', '/api/2.0/mlflow/users/get'], ['GET', '/static-files/'], ['POST', '/'], ['GET', '/static-files/..%2fmlflow.db'], ['POST', '/api/2.0/mlflow/users/create'], ['GET', '/api/2.0/mlflow/users/current'], ['POST', '/signup'], ['GET', '/signup'], ['GET', '/api/2.0/mlflow/experiments/permissions/get'], ['POST', '/api/2.0/mlflow/registered-models/permissions/create'], ['POST', '/ajax-api/2.0/mlflow/runs/create-promptlab-run'],
  ['GET', '/api/2.0/clusters/list'], ['GET', '/api/2.0/secrets/list'], ['GET', '/api/2.0/dbfs/read'], ['GET', '/api/2.1/unity-catalog/models'], ['GET', '/api/2.0/mlflow/unity-catalog/registered-models/get'], ['GET', '/api/2.0/preview/scim/v2/Me'], ['GET', '/api/2.0/fs/files/x'],
  ['POST', '/api/2.0/mlflow/databricks/registered-models/get'], ['POST', '/api/2.0/mlflow/transition-requests/approve'], ['POST', '/api/2.0/mlflow/databricks/model-versions/transition-stage'], ['POST', '/api/2.0/preview/mlflow/transition-requests/approve'], ['POST', '/api/2.0/mlflow/artifacts/credentials-for-read'], ['GET', '/api/4.0/mlflow/traces/x'],
  ['GET', '/api/2.0/mlflow/runs/search'], ['POST', '/api/2.0/mlflow/runs/get'], ['GET', '/api/2.0/mlflow/does-not-exist'], ['GET', '/api/2.0/mlflow'], ['GET', '/api/2.0/mlflow/'], ['GET', '/api'], ['GET', '/ajax-api'], ['GET', '/api/2.0/mlflow-artifacts'], ['POST', '/api/2.0/mlflow-artifacts/artifacts'],
  ['GET', '/api/2.0/mlflow/issues/x'], ['POST', '/api/3.0/mlflow/issues'], ['GET', '/ajax-api/3.0/mlflow/label-schemas/get'], ['GET', '/ajax-api/3.0/mlflow/review-queues/get'], ['POST', '/ajax-api/3.0/mlflow/prompt-optimization/jobs'], ['POST', '/ajax-api/3.0/mlflow/genai/evaluate/invoke'],
]

/** Of traces: what open-source servers have no more than by name. */
const traces: readonly (readonly [method: string, path: string, json?: unknown])[] = [
  ['POST', '/ajax-api/3.0/mlflow/unified-traces', { experiment_ids: ['{{exp_prod}}'] }], ['GET', '/ajax-api/2.0/mlflow/get-online-trace-details?trace_id={{tr_prod}}'], ['POST', '/api/3.0/mlflow/traces/link-prompts', { trace_id: '{{tr_prod}}' }],
]

const graphql: readonly string[] = [
  '{mlflowGetRun(input:{runId:"{{run_prod}}"}){run{info{runUuid}}}}', '{a:mlflowGetRun(input:{runId:"{{run_prod}}"}){run{data{params{value}}}}}', 'query Q($r:String){mlflowGetRun(input:{runId:$r}){run{info{runUuid}}}}', 'mutation{mlflowSearchRuns(input:{experimentIds:["{{exp_prod}}"]}){runs{info{runUuid}}}}',
  '{mlflowGetExperiment(input:{experimentId:"{{exp_prod}}"}){experiment{name}}}', '{mlflowSearchModelVersions(input:{}){modelVersions{name source}}}', '{__schema{types{name}}}', 'fragment F on MlflowRun{data{params{value}}} {mlflowGetRun(input:{runId:"{{run_prod}}"}){run{...F}}}', '{mlflowListArtifacts(input:{runId:"{{run_prod}}"}){files{path}}}',
  '{mlflowGetMetricHistoryBulkInterval(input:{runIds:["{{run_prod}}"],metricKey:"loss"}){metrics{value}}}', 'mutation{mlflowSearchDatasets(input:{experimentIds:["{{exp_prod}}"]}){datasetSummaries{name}}}', '{test(inputString:"x"){output}}', '{mlflowSearchModelVersions(input:{filter:"run_id=\'{{run_prod}}\'"}){modelVersions{name runId}}}', '{mlflowSearchModelVersions(input:{filter:"name=\'fraud_prod\'"}){modelVersions{name runId}}}', '{mlflowGetRun(input:{runId:"{{run_acc}}",runUuid:"{{run_prod}}"}){run{info{runId}}}}',
  'query Q($r:String="{{run_prod}}"){x:mlflowGetRun(input:{runUuid:$r}){run{...on MlflowRunExtension{experiment{name} modelVersions{name source}}}}}', '{mlflowGetExperiment(input:{experimentId:"0{{exp_prod}}"}){experiment{name}}}', '{mlflowListArtifacts(input:{runId:"{{run_acc}}",path:"../../{{run_prod}}/artifacts"}){files{path}}}', '{__type(name:"Query"){name}}', `{${Array.from({ length: 100 }, (_, i) => `a${i}:mlflowGetRun(input:{runId:"{{run_prod}}"}){run{info{runUuid}}}`).join(' ')}}`,
]

/** Nothing is found, or what is the caller's own: others' words are looked for in every answer. */
const nothingOfOthers = (body: string): string | null => {
  const { data, errors } = JSON.parse(body)
  const own = JSON.stringify(data ?? {}).includes('"modelVersions":[{"name":"fraud"') || data?.test?.output === 'x'
  const none = Array.isArray(errors) && Object.values(data ?? {}).every((value) => value === null)
  const empty = /^\{"mlflowSearch\w+":\{"(runs|datasetSummaries|modelVersions)":\[\]\}\}$/.test(JSON.stringify(data))
  return own || none || empty ? null : `answered ${body.slice(0, 200)}`
}

const someId = (path: string) => path.replace(/\{model_id\}/g, '{{lm_acc}}').replace(/\{[^}]+\}/g, 'x')

/** Every route of every server that the table does not open, as the callers of an environment and as nobody. */
function everyClosedRoute(): Attack[] {
  return closedEndpoints
    .filter(({ local }) => !local)
    .flatMap(({ method, path, prefixes, closed }): Attack[] => {
      const [prefix = ''] = prefixes
      const json = ['GET', 'HEAD'].includes(method) ? {} : { json: {} }
      return [{ name: `closed: ${closed}`, method, path: `${prefix}${someId(path)}`, ...json, status: [403, 404], unheard: true }]
    })
}

function everyOpenRoute(as: 'anonymous' | 'none', status: number): Attack[] {
  return [...openEndpoints.values()].map(({ name, method, path, prefixes }, index): Attack => {
    const json = method === 'GET' || method === 'PUT' ? {} : { json: {} }
    return { name: `${as}: ${name}`, as, method, path: `${prefixes[index % prefixes.length]}${someId(path)}`, ...json, status: [status], unheard: true }
  })
}

/** What is for administrators, as callers of an environment who are none. */
function everyAdministration(): Attack[] {
  return [...openEndpoints.values()]
    .filter(({ administrators }) => administrators)
    .map(({ name, method, path, upstreamPrefix }): Attack => {
      const json = method === 'GET' ? {} : { json: {} }
      return { name: `for administrators: ${name}`, method, path: `${upstreamPrefix}${path}`, ...json, status: [403], unheard: true }
    })
}

const authorizations: readonly string[] = ['Basic dXNlcjpwYXNz', 'Bearer', 'Bearer ', 'bearer x.y.z', 'Bearer a b', 'Negotiate x', 'Bearer null', 'Bearer undefined', 'Token x', `Bearer ${'a'.repeat(9000)}`, 'Bearer eyJhbGciOiJub25lIn0.e30.', ', Bearer x', 'Bearer\tx', '"Bearer x"']

/** What is not served, to nobody, or not to these callers. */
export const surfaceAttacks: readonly Attack[] = [
  ...unknown.map(([method, path]): Attack => ({ name: `${method} ${path}`, method, path, ...(method === 'GET' ? {} : { json: {} }), status: [400, 403, 404], unheard: true })),
  ...unknown.filter((_row, index) => index % 4 === 0).map(([method, path]): Attack => ({ name: `anonymous ${method} ${path}`, as: 'anonymous', method, path, ...(method === 'GET' ? {} : { json: {} }), status: [400, 401], unheard: true })),
  ...unknown.filter((_row, index) => index % 5 === 0).map(([method, path]): Attack => ({ name: `${method} ${path} in the environment`, method, path: `/env/acc${path}`, ...(method === 'GET' ? {} : { json: {} }), status: [400, 403, 404], unheard: true })),
  ...traces.map(([method, path, json]): Attack => ({ name: `traces: ${method} ${path}`, method, path, ...(json === undefined ? {} : { json }), status: [403, 404], unheard: true })),
  ...graphql.flatMap((query): Attack[] => [
    { name: `GraphQL ${query.slice(0, 40)}`, method: 'POST', path: '/graphql', json: { query, variables: { r: '{{run_prod}}' } }, status: [200], check: nothingOfOthers },
    { name: `GraphQL by GET ${query.slice(0, 40)}`, method: 'GET', path: '/graphql', json: { query }, status: [400, 403, 404], unheard: true },
  ]),
  ...['{__typename} query B{mlflowGetRun(input:{runId:"{{run_prod}}"}){run{info{runId}}}}', 'subscription{a}', 'fragment F on Query{__typename}', '', '{', '{a', '# only a comment', `${'{a'.repeat(2000)}${'}'.repeat(2000)}`, `{test(inputString:${'['.repeat(3000)}`, 'type X{a:Int}'].map((query): Attack => ({ name: `GraphQL that is no one operation: ${query.slice(0, 40)}`, method: 'POST', path: '/graphql', json: { query }, status: [400], unheard: true })),
  ...[{ query: '{__typename}', operationName: 'X' }, { query: ['{__typename}'] }, { query: '{__typename}', variables: [] }, { query: '{__typename}', id: 'x' }, {}, { variables: {} }, { query: '{__typename}', Query: '{a}' }].map((json): Attack => ({ name: `GraphQL in a strange form: ${JSON.stringify(json)}`, method: 'POST', path: '/graphql', json, status: [400], unheard: true })),
  { name: 'GraphQL and a query', method: 'POST', path: '/graphql?query=x', json: { query: '{__typename}' }, status: [400], unheard: true },
  { name: 'GraphQL of 70 KB', method: 'POST', path: '/graphql', json: { query: `{__typename}#${'x'.repeat(70_000)}` }, status: [413], unheard: true },
  { name: 'GraphQL of nobody', as: 'anonymous', method: 'POST', path: '/graphql', json: { query: '{__typename}' }, status: [401], unheard: true },
  { name: 'GraphQL of a stranger', as: 'none', method: 'POST', path: '/graphql', json: { query: '{__typename}' }, status: [403], unheard: true },
  { name: 'GraphQL in the query', method: 'GET', path: '/graphql?query=%7B__typename%7D', status: [400, 403, 404], unheard: true },
  { name: 'GraphQL in a batch', method: 'POST', path: '/graphql', json: [{ query: '{__typename}' }], status: [400, 403, 404], unheard: true },
  { name: 'GraphQL as a form', method: 'POST', path: '/graphql', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, text: 'query={__typename}', status: [400, 403, 404, 415], unheard: true },
  { name: 'GraphQL as itself', method: 'POST', path: '/graphql', headers: { 'Content-Type': 'application/graphql' }, text: '{__typename}', status: [400, 403, 404, 415], unheard: true },
  ...everyClosedRoute(),
  ...everyAdministration(),
  ...everyOpenRoute('anonymous', 401),
  ...everyOpenRoute('none', 403),
  ...authorizations.map((value): Attack => ({ name: `Authorization: ${value.slice(0, 40)}`, as: 'anonymous', method: 'GET', path: `${api}/runs/get?run_id={{run_acc}}`, headers: { Authorization: value }, status: [401, 400, 431], unheard: true, twin: false })),
  { name: 'a token in the query', as: 'anonymous', method: 'GET', path: `${api}/runs/get?run_id={{run_acc}}&access_token=x`, status: [401], unheard: true },
  { name: 'a token in a cookie', as: 'anonymous', method: 'GET', path: `${api}/runs/get?run_id={{run_acc}}`, headers: { Cookie: 'Authorization=Bearer x' }, status: [401], unheard: true },
  { name: 'an identity by a header', as: 'anonymous', method: 'GET', path: `${api}/runs/get?run_id={{run_acc}}`, headers: { 'X-Forwarded-User': 'admin', 'X-MS-CLIENT-PRINCIPAL': 'x' }, status: [401], unheard: true },
  { name: 'a large body of nobody', as: 'anonymous', method: 'POST', path: `${api}/runs/search`, text: Buffer.alloc(2_000_000, 0x20), status: [401], unheard: true },
  { name: 'an upload of nobody', as: 'anonymous', method: 'PUT', path: '/api/2.0/mlflow-artifacts/artifacts{{path_acc}}/x', text: 'x', status: [401], unheard: true },
  ...['prod', 'preprod', 'PROD', 'Acc', 'acc%20', '%61cc2', 'none', '__proto__', 'constructor', 'acc;prod', 'acc,prod', '0', 'null', '%E2%80%8Bacc', 'prod%00'].flatMap((name): Attack[] => [
    { name: `in the environment ${name}`, method: 'GET', path: `/env/${name}/api/2.0/mlflow/runs/get?run_id={{run_prod}}`, status: [400, 403, 404], unheard: true },
    { name: `who am I in the environment ${name}`, method: 'GET', path: `/env/${name}/-/whoami`, status: [200, 400, 403, 404], check: (body) => (/"environment":"prod"/.test(body) ? 'in prod' : null), unheard: true },
    { name: `an artifact in the environment ${name}`, method: 'GET', path: `/env/${name}/api/2.0/mlflow-artifacts/artifacts{{path_prod}}/model/secret.txt`, status: [400, 403, 404], unheard: true },
  ]),
  { name: 'several environments and none chosen', as: 'both', method: 'GET', path: `${api}/runs/get?run_id={{run_acc}}`, status: [403], unheard: true },
  { name: 'several environments and one of them', as: 'both', method: 'GET', path: '/env/acc/api/2.0/mlflow/runs/get?run_id={{run_acc}}', status: [200] },
  { name: 'several environments and a foreign run in one of them', as: 'both', method: 'GET', path: '/env/acc/api/2.0/mlflow/runs/get?run_id={{run_prod}}', status: [404] },
  { name: 'several environments and the other', as: 'both', method: 'GET', path: '/env/prod/api/2.0/mlflow/runs/get?run_id={{run_prod}}', status: [200] },
]
