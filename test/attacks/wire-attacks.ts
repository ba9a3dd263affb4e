// biome-ignore-all format: one request a row
import type { Attack } from './attack.ts'

const api = '/api/2.0/mlflow'
const get = `${api}/runs/get`
const json = { 'Content-Type': 'application/json' }
const refused = [400, 403, 404, 405, 411, 413, 414, 415, 431]
const prodRun = '{"run_id":"{{run_prod}}"}'

const read = (name: string, path: string, extra: Partial<Attack> = {}): Attack => ({ name, method: 'GET', path, status: [400, 404], ...extra })
const post = (name: string, path: string, text: string | Buffer, extra: Partial<Attack> = {}): Attack => ({ name, method: 'POST', path: `${api}${path}`, text, headers: json, status: [400], ...extra })

/** Parameters in places that a policy might not read. */
const places: readonly Attack[] = [
  read('a JSON body on GET', get, { headers: json, text: prodRun }),
  read('a JSON body on GET without a type', get, { text: prodRun }),
  read('a JSON body on GET as text', get, { headers: { 'Content-Type': 'text/plain' }, text: prodRun }),
  read('a JSON body on GET behind a bare question mark', `${get}?`, { headers: json, text: prodRun }),
  read('a JSON body on GET behind ?&', `${get}?&`, { headers: json, text: prodRun }),
  read('a JSON body beside a query', `${get}?run_id={{run_acc}}`, { headers: json, text: prodRun }),
  read('a form body on GET', get, { headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, text: 'run_id={{run_prod}}' }),
  read('a camelCase body on GET', get, { headers: json, text: '{"runId":"{{run_prod}}"}' }),
  read('a doubly encoded body on GET', get, { headers: json, text: '"{\\"run_id\\":\\"{{run_prod}}\\"}"' }),
  read('a list in a body on GET', get, { headers: json, text: '{"run_id":["{{run_prod}}"]}' }),
  read('a body on a search by GET', `${api}/registered-models/search`, { headers: json, text: '{"filter":"name = \'{{m_prod}}\'"}', status: [200] }),
  read('a large body on GET', get, { headers: json, text: Buffer.from(`{"run_id":"${'a'.repeat(100_000)}"}`), status: [400, 413], twin: false }),
  { name: 'a body on HEAD', method: 'HEAD', path: get, headers: json, text: prodRun, status: [400, 404] },
  { name: 'HEAD of a run', method: 'HEAD', path: `${get}?run_id={{run_prod}}`, status: [404] },
  { name: 'HEAD of a search', method: 'HEAD', path: `${api}/experiments/search?max_results=10`, status: [200, 404] },
  read('the first of two', `${get}?run_id={{run_prod}}&run_id={{run_acc}}`, { status: [400], unheard: true }),
  read('the second of two', `${get}?run_id={{run_acc}}&run_id={{run_prod}}`, { status: [400], unheard: true }),
  read('one of them encoded', `${get}?run_id={{run_acc}}&%72un_id={{run_prod}}`, { status: [400], unheard: true }),
  read('one of them camelCase', `${get}?run_id={{run_acc}}&runId={{run_prod}}`, { status: [400], unheard: true }),
  read('one of them in capitals', `${get}?run_id={{run_acc}}&RUN_ID={{run_prod}}`, { status: [400], unheard: true }),
  read('an empty one before', `${get}?run_id=&run_uuid={{run_prod}}`, { status: [400, 404] }),
  read('an array in brackets', `${get}?run_id[]={{run_prod}}`, { status: [400], unheard: true }),
  read('an index in brackets', `${get}?run_id[0]={{run_prod}}`, { status: [400], unheard: true }),
  read('a semicolon between', `${get}?run_id={{run_acc}};run_id={{run_prod}}`),
  read('a second question mark', `${get}?run_id={{run_acc}}?run_id={{run_prod}}`),
  read('an encoded ampersand', `${get}?run_id={{run_acc}}%26run_id={{run_prod}}`),
  read('a plus', `${get}?run_id=+{{run_prod}}`),
  read('a NUL', `${get}?run_id={{run_prod}}%00`),
  read('a space in the key', `${get}?run_id%20={{run_prod}}`, { status: [400], unheard: true }),
  read('a dot in the key', `${get}?run.id={{run_prod}}`, { status: [400], unheard: true }),
  read('an unknown parameter', `${get}?run_id={{run_acc}}&x=1`, { status: [400], unheard: true, twin: false }),
  read('a parameter of nobody', `${get}?run_id={{run_acc}}&=x`, { status: [400], unheard: true }),
  read('malformed encoding', `${get}?run_id={{run_acc}}%`, { status: [400], unheard: true }),
  read('overlong UTF-8', `${get}?run_id=%c0%ae{{run_prod}}`, { status: [400], unheard: true }),
  read('UTF-16 in a query', `${get}?run_id=%ff%fe{{run_prod}}`, { status: [400], unheard: true }),
  read('__proto__', `${get}?__proto__[run_id]={{run_prod}}`, { status: [400], unheard: true }),
  read('_method', `${get}?_method=DELETE&run_id={{run_acc}}`, { status: [400], unheard: true }),
  post('a query on POST', '/runs/search?experiment_ids={{exp_prod}}', '{"experiment_ids":["{{exp_acc}}"]}'),
  post('a query instead of a body', '/runs/delete?run_id={{run_prod}}', '', { status: [400, 411] }),
  post('a query beside an own id', '/runs/set-tag?run_id={{run_prod}}', '{"run_id":"{{run_acc}}","key":"a","value":"b"}'),
  { name: 'a query on DELETE', method: 'DELETE', path: `${api}/registered-models/delete?name={{m_prod}}`, status: [400], unheard: true },
  { name: 'a query on DELETE beside a body', method: 'DELETE', path: `${api}/registered-models/delete?name={{m_prod}}`, json: { name: 'spare' }, status: [400], unheard: true },
  { name: 'a query on PATCH beside a body', method: 'PATCH', path: `${api}/registered-models/update?name={{m_prod}}`, json: { name: 'spare', description: 'x' }, status: [400], unheard: true },
  { name: 'a body on an artifact', method: 'GET', path: '/api/2.0/mlflow-artifacts/artifacts{{path_acc}}/model/secret.txt', json: { path: 'x' }, status: [400, 200] },
  { name: 'an empty object on an artifact', method: 'GET', path: '/api/2.0/mlflow-artifacts/artifacts{{path_acc}}/model/secret.txt', json: {}, status: [200, 400] },
  { name: 'an empty object on the version', method: 'GET', path: '/version', json: {}, status: [200, 400] },
]

const searchProd = (ids: string) => `{"experiment_ids":${ids}}`
const utf16 = (text: string, bom: boolean) => Buffer.from(`${bom ? '\ufeff' : ''}${text}`, 'utf16le')

/** JSON that two parsers read differently. */
const texts: readonly Attack[] = [
  post('a repeated key', '/runs/search', '{"experiment_ids":["{{exp_acc}}"],"experiment_ids":["{{exp_prod}}"]}', { unheard: true }),
  post('a repeated key, foreign first', '/runs/search', '{"experiment_ids":["{{exp_prod}}"],"experiment_ids":["{{exp_acc}}"]}', { unheard: true }),
  post('a repeated key by an escape', '/runs/search', '{"experiment_ids":["{{exp_acc}}"],"experiment\\u005fids":["{{exp_prod}}"]}', { unheard: true }),
  post('a repeated key by camelCase', '/runs/search', '{"experiment_ids":["{{exp_acc}}"],"experimentIds":["{{exp_prod}}"]}', { unheard: true }),
  post('a repeated nested key', '/runs/log-batch', '{"run_id":"{{run_acc}}","tags":[{"key":"a","key":"mlflow.parentRunId","value":"{{run_prod}}"}]}', { unheard: true }),
  post('a key in both spellings', '/runs/set-tag', '{"run_id":"{{run_acc}}","runId":"{{run_prod}}","key":"a","value":"b"}', { unheard: true }),
  post('both old and new ids in both spellings', '/runs/set-tag', '{"run_id":"{{run_acc}}","runUuid":"{{run_prod}}","key":"a","value":"b"}', { unheard: true }),
  post('a string that holds JSON', '/runs/search', JSON.stringify(searchProd('["{{exp_prod}}"]')), { unheard: true }),
  post('a list', '/runs/search', `[${searchProd('["{{exp_prod}}"]')}]`, { unheard: true }),
  post('two objects', '/runs/search', `${searchProd('["{{exp_acc}}"]')}${searchProd('["{{exp_prod}}"]')}`, { unheard: true }),
  post('something behind', '/runs/search', `${searchProd('["{{exp_prod}}"]')}x`, { unheard: true }),
  post('a NUL behind', '/runs/search', `${searchProd('["{{exp_prod}}"]')}\0`, { unheard: true }),
  post('a byte order mark', '/runs/search', `\ufeff${searchProd('["{{exp_prod}}"]')}`, { unheard: true }),
  post('UTF-16', '/runs/search', utf16(searchProd('["1"]'), false), { unheard: true }),
  post('UTF-16 with a mark', '/runs/search', utf16(searchProd('["1"]'), true), { unheard: true }),
  post('UTF-32', '/runs/search', Buffer.from([...searchProd('["1"]')].flatMap((c) => [c.charCodeAt(0), 0, 0, 0])), { unheard: true }),
  post('invalid UTF-8', '/runs/search', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), { unheard: true }),
  post('overlong UTF-8', '/runs/search', Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]), { unheard: true }),
  post('half a surrogate pair', '/runs/set-tag', '{"run_id":"{{run_acc}}","key":"a","value":"\\ud800"}', { unheard: true }),
  post('a comment', '/runs/search', '{/*x*/"experiment_ids":["{{exp_prod}}"]}', { unheard: true }),
  post('single quotes', '/runs/search', "{'experiment_ids':['{{exp_prod}}']}", { unheard: true }),
  post('a trailing comma', '/runs/search', '{"experiment_ids":["{{exp_prod}}"],}', { unheard: true }),
  post('NaN', '/runs/log-metric', '{"run_id":"{{run_acc}}","key":"a","value":NaN,"timestamp":1}', { unheard: true }),
  post('a number too large for a double', '/runs/log-metric', '{"run_id":"{{run_acc}}","key":"a","value":1e999,"timestamp":1}', { unheard: true }),
  post('a number too large for int64', '/runs/log-metric', '{"run_id":"{{run_acc}}","key":"a","value":1,"timestamp":9223372036854775808}', { unheard: true }),
  post('a fraction for int64', '/runs/log-metric', '{"run_id":"{{run_acc}}","key":"a","value":1,"timestamp":1.5}', { unheard: true }),
  post('a leading zero', '/runs/log-metric', '{"run_id":"{{run_acc}}","key":"a","value":1,"timestamp":01}', { unheard: true }),
  post('a string for a list', '/runs/search', '{"experiment_ids":"{{exp_prod}}"}', { unheard: true }),
  post('an object for a list', '/runs/search', '{"experiment_ids":{"0":"{{exp_prod}}"}}', { unheard: true }),
  post('null in a list', '/runs/search', '{"experiment_ids":[null,"{{exp_prod}}"]}', { unheard: true }),
  post('a nested list', '/runs/search', '{"experiment_ids":[["{{exp_prod}}"]]}', { unheard: true }),
  post('__proto__', '/runs/search', '{"__proto__":{"experiment_ids":["{{exp_prod}}"]}}', { unheard: true }),
  post('constructor', '/runs/search', '{"constructor":{"prototype":{"experiment_ids":["{{exp_prod}}"]}}}', { unheard: true }),
  post('an unknown field', '/runs/search', '{"experiment_ids":["{{exp_acc}}"],"run_ids":["{{run_prod}}"]}', { unheard: true }),
  post('an unknown nested field', '/runs/log-batch', '{"run_id":"{{run_acc}}","tags":[{"key":"a","value":"b","run_id":"{{run_prod}}"}]}', { unheard: true }),
  post('another case of a field', '/runs/set-tag', '{"Run_Id":"{{run_prod}}","key":"a","value":"b"}', { unheard: true }),
  post('deep arrays', '/runs/search', `{"experiment_ids":${'['.repeat(5000)}${']'.repeat(5000)}}`, { unheard: true }),
  post('deep objects', '/runs/search', `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`, { unheard: true }),
  post('deep arrays without end', '/runs/search', '['.repeat(1_000_000), { unheard: true }),
  post('many keys', '/runs/search', `{${Array.from({ length: 120_000 }, (_, i) => `"k${i}":1`).join()}}`, { unheard: true }),
  post('an empty body', '/runs/set-tag', '', { unheard: true }),
  post('only spaces', '/runs/set-tag', '   ', { unheard: true }),
  post('null', '/runs/set-tag', 'null', { unheard: true }),
  post('a number', '/runs/set-tag', '1', { unheard: true }),
]

const create = '{"name":"made by a page"}'
const plain = { 'Content-Type': 'text/plain' }
const from = (name: string, headers: Readonly<Record<string, string>>): Attack =>
  ({ name, method: 'POST', path: `${api}/experiments/create`, headers: { ...plain, ...headers }, text: create, status: [400], unheard: true })

/** What a browser sends for a page that is not the proxy's own, with the credentials of whoever looks at it. */
const sites: readonly Attack[] = [
  from('a page of another site', { 'Sec-Fetch-Site': 'cross-site' }),
  from('a page of a neighbouring site', { 'Sec-Fetch-Site': 'same-site' }),
  from('an older browser with a page of another site', { Origin: 'https://evil.example' }),
  from('an older browser with an artifact in its preview', { Origin: 'null' }),
  from('two words of the browser', { 'Sec-Fetch-Site': 'same-origin, cross-site' }),
  from('a form of another site', { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' }),
  read('a frame of another site', `${get}?run_id={{run_acc}}`, { headers: { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe' }, status: [400], unheard: true }),
  read('a link to here', '/api/2.0/mlflow/experiments/search?max_results=1', { headers: { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' }, status: [200] }),
  read('a refusal that a person reads', `${api}/registered-models/get?name=%3Cscript%3E%22`, {
    headers: { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }, status: [404],
    check: (body) => (body.startsWith('<!doctype html>') && body.includes('name=&lt;script&gt;&quot; not found') ? null : `answered ${body}`),
  }),
  read('a page of the proxy’s own', '/api/2.0/mlflow/experiments/search?max_results=1', { headers: { 'Sec-Fetch-Site': 'same-origin' }, status: [200] }),
]

const types = [
  'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/octet-stream', 'application/json;charset=utf-16', 'application/json; charset=latin1', 'application/jsonx', 'text/json',
  'application/json, text/plain', 'application/json\t;x', 'APPLICATION/JSON-PATCH+JSON', 'application/vnd.api+json', '*/*', 'application/json; charset=utf-8; charset=utf-16', ' ', 'application/x-protobuf', 'application/msgpack',
]
const encodings = ['gzip', 'deflate', 'br', 'compress', 'zstd', 'gzip, identity', 'x-gzip', 'base64', 'identity, gzip']

/** Bodies whose type or encoding says something else than they are. */
const contentTypes: readonly Attack[] = [
  ...types.flatMap((type): Attack[] => [
    { name: `POST as ${JSON.stringify(type)}`, method: 'POST', path: `${api}/runs/search`, headers: { 'Content-Type': type }, text: '{"experiment_ids":["{{exp_prod}}"]}', status: [400, 415], unheard: true },
    { name: `PATCH as ${JSON.stringify(type)}`, method: 'PATCH', path: `${api}/registered-models/update`, headers: { 'Content-Type': type }, text: '{"name":"{{m_prod}}","description":"x"}', status: [400, 403, 415], unheard: true },
    { name: `DELETE as ${JSON.stringify(type)}`, method: 'DELETE', path: `${api}/registered-models/delete`, headers: { 'Content-Type': type }, text: '{"name":"{{m_prod}}"}', status: [400, 403, 415], unheard: true },
  ]),
  ...encodings.map((encoding): Attack => ({ name: `a body encoded as ${encoding}`, method: 'POST', path: `${api}/runs/search`, headers: { ...json, 'Content-Encoding': encoding }, text: '{"experiment_ids":["{{exp_prod}}"]}', status: [400, 415], unheard: true })),
  { name: 'POST without a type', method: 'POST', path: `${api}/runs/search`, text: '{"experiment_ids":["{{exp_prod}}"]}', status: [400, 415], unheard: true },
  { name: 'PATCH without a type', method: 'PATCH', path: `${api}/registered-models/update`, text: '{"name":"{{m_prod}}","description":"x"}', status: [403, 400], unheard: true },
  { name: 'DELETE without a type', method: 'DELETE', path: `${api}/model-versions/delete`, text: '{"name":"{{m_prod}}","version":"1"}', status: [403, 400], unheard: true },
]

const runGet = '/runs/get?run_id={{run_prod}}'
const paths = [
  `//api/2.0/mlflow${runGet}`, `/api//2.0/mlflow${runGet}`, `/api/2.0//mlflow${runGet}`, `/api/2.0/mlflow/${runGet}`, `/./api/2.0/mlflow${runGet}`, `/x/../api/2.0/mlflow${runGet}`, `/api/2.0/mlflow/./runs/get?run_id={{run_prod}}`,
  `/api%2f2.0/mlflow${runGet}`, `/api/2%2e0/mlflow${runGet}`, `/%61pi/2.0/mlflow${runGet}`, `/api/2.0/mlflow/run%73/get?run_id={{run_prod}}`, `/api/2.0/mlflow/runs%2fget?run_id={{run_prod}}`, `/api/2.0/mlflow/runs/get/?run_id={{run_prod}}`,
  `/API/2.0/mlflow${runGet}`, `/api/2.0/MLflow${runGet}`, `/api/2.0/mlflow/Runs/get?run_id={{run_prod}}`, `/api/2.0/mlflow/runs/get;x=1?run_id={{run_prod}}`, `/api/2.0/mlflow/runs;/get?run_id={{run_prod}}`, `/api/2.0/mlflow/runs/get%3frun_id={{run_prod}}`,
  `/api/2.0/mlflow/runs/get%00?run_id={{run_prod}}`, `/api/2.0/mlflow/runs/get%0a?run_id={{run_prod}}`, `/api/2.0/mlflow/runs/get%20?run_id={{run_prod}}`, `/api/2.0/mlflow/runs/get#?run_id={{run_prod}}`, `/api/2.0/mlflow/runs/get%23?run_id={{run_prod}}`,
  `/api\\2.0\\mlflow\\runs\\get?run_id={{run_prod}}`, `/api/2.0/mlflow/runs%5cget?run_id={{run_prod}}`, `/api/2.0/mlflow/runs/%2e%2e/runs/get?run_id={{run_prod}}`, `/api/2.0/mlflow/runs/..%2fruns/get?run_id={{run_prod}}`, `/api/2.0/mlflow/%252e%252e/mlflow${runGet}`,
  `/api/1.0/mlflow${runGet}`, `/api/3.0/mlflow${runGet}`, `/api/4.0/mlflow${runGet}`, `/ajax-api/1.2/mlflow${runGet}`, `/api/2.1/mlflow${runGet}`, `/mlflow${runGet}`, `/2.0/mlflow${runGet}`, `/api/2.0${runGet}`, `/api/2.0mlflow${runGet}`, `/preview/api/2.0/mlflow${runGet}`,
  `/api/2.0/preview/preview/mlflow${runGet}`, `/static-prefix/api/2.0/mlflow${runGet}`, `/env/acc/env/prod/api/2.0/mlflow${runGet}`, `/env/prod/env/acc/api/2.0/mlflow${runGet}`, `/env//api/2.0/mlflow${runGet}`, `/env/api/2.0/mlflow${runGet}`,
  `http://127.0.0.1/api/2.0/mlflow${runGet}`, `https://evil.example/api/2.0/mlflow${runGet}`, `*`, `api/2.0/mlflow${runGet}`, `?run_id={{run_prod}}`, `/api/2.0/mlflow/runs/get\u00e9?run_id={{run_prod}}`, `/api/2.0/mlflow/runs/g%C3%A9t?run_id={{run_prod}}`, `/api/2.0/mlflow/runs/get%?run_id={{run_prod}}`,
  `/api/2.0/mlflow/runs/get%zz?run_id={{run_prod}}`, `/api/2.0/mlflow/runs/get%c0%af?run_id={{run_prod}}`, `/api/2.0/mlflow/logged-models/x%2f..%2f{{lm_prod}}`, `/api/2.0/mlflow/logged-models/%6d-x/../{{lm_prod}}`, `/api/2.0/mlflow/logged-models/{{lm_prod}}%00`, `/api/2.0/mlflow/logged-models/{{lm_prod}}%20`, `/api/2.0/mlflow/logged-models/{{lm_prod}}%0a`,
  `/api/2.0/mlflow/logged-models/{{lm_prod}}/`, `/api/2.0/mlflow/logged-models//{{lm_prod}}`, `/api/2.0/mlflow/logged-models/{{lm_prod}}%2fartifacts%2fdirectories`, `/api/2.0/mlflow/logged-models/{{lm_acc}}%3f/../{{lm_prod}}`,
]

const methods: readonly Attack[] = [
  ...['POST', 'PUT', 'PATCH', 'DELETE'].map((method): Attack => ({ name: `${method} of a read`, method, path: `${api}${runGet}`, text: '', status: refused, unheard: true })),
  ...['GET', 'PUT', 'PATCH', 'DELETE', 'HEAD'].map((method): Attack => ({ name: `${method} of a deletion`, method, path: `${api}/runs/delete`, json: { run_id: '{{run_prod}}' }, status: refused, unheard: true })),
  ...['OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH', 'LOCK', 'REPORT', 'PURGE', 'LINK', 'MKCOL', 'QUERY'].map((method): Attack => ({ name: `the method ${method}`, method, path: `${api}${runGet}`, status: [...refused, 501], unheard: true })),
  ...['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override', '_method'].flatMap((header): Attack[] => [
    { name: `${header} on a read`, method: 'GET', path: `${api}/runs/get?run_id={{run_acc}}`, headers: { [header]: 'DELETE' }, status: [200, 400], check: (_body, heard) => (heard.some(({ method }) => method !== 'GET') ? 'the method changed' : null) },
    { name: `${header} on a change`, method: 'POST', path: `${api}${runGet}`, headers: { [header]: 'GET' }, text: '', status: refused },
  ]),
]

const forwarded: Readonly<Record<string, string>> = {
  'X-Forwarded-Host': 'evil.example', 'X-Forwarded-For': '127.0.0.1', 'X-Forwarded-Prefix': '/evil', 'X-Forwarded-User': 'evil', 'X-Forwarded-Proto': 'evil', Forwarded: 'for=evil', 'X-Original-URL': '/evil', 'X-Rewrite-URL': '/evil',
  'X-Real-IP': 'evil', 'X-Remote-User': 'evil', 'X-Forwarded-Groups': 'evil', 'X-MLFLOW-WORKSPACE': 'evil', 'x-mlflow-experiment-id': '1', 'x-mlflow-run-id': 'evil', 'X-Databricks-Org-Id': 'evil', Cookie: 'session=evil', Origin: 'https://evil.example',
  Referer: 'https://evil.example', 'X-Forwarded_User': 'evil', X_Forwarded_User: 'evil', 'X-MLflow-Client-Version': 'evil', 'User-Agent': 'evil', Via: '1.1 evil', 'Proxy-Authorization': 'Basic evil', 'X-Api-Key': 'evil', 'X-Mlflow-Username': 'evil', 'Accept-Encoding': 'evil',
  'If-None-Match': '"evil"', Range: 'bytes=0-evil', 'Sec-Fetch-Site': 'cross-site-evil', TE: 'trailers, evil', Trailer: 'evil', 'Content-Language': 'evil', 'X-CSRF-Token': 'evil', __proto__x: 'evil', 'X-HTTP-Host-Override': 'evil', 'True-Client-IP': 'evil', 'X-Request-Id': 'evil',
}
const names = /evil|workspace|x-mlflow|forwarded|cookie|origin"|x-request-id/i
const silent: Attack['check'] = (body, heard) => (names.test(JSON.stringify(heard.map(({ rawHeaders, target }) => [rawHeaders, target]))) ? 'the header went upstream' : body.includes('evil') ? 'the header came back' : null)

const headers: readonly Attack[] = [
  ...Object.entries(forwarded).map(([name, value]): Attack => ({ name: `the header ${name}`, method: 'GET', path: `${api}/runs/get?run_id={{run_acc}}`, headers: { [name]: value }, status: [200, 400], check: silent })),
  ...Object.entries(forwarded).slice(0, 12).map(([name, value]): Attack => ({ name: `the header ${name} on an artifact`, method: 'GET', path: '/api/2.0/mlflow-artifacts/artifacts{{path_acc}}/model/secret.txt', headers: { [name]: value }, status: [200, 400], check: silent })),
  ...['authorization', 'authorization, host', 'content-length', 'content-type', 'x-request-id', 'keep-alive, host'].map((value): Attack => ({ name: `Connection: ${value}`, method: 'GET', path: `${api}/runs/get?run_id={{run_acc}}`, headers: { Connection: value }, status: [200, 400] })),
  { name: 'an upgrade to h2c', method: 'GET', path: `${api}/runs/get?run_id={{run_acc}}`, headers: { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABkAARAAAAAAAIAAAAA' }, status: [200, 400, 426] },
  { name: 'an upgrade to a WebSocket', method: 'GET', path: `${api}${runGet}`, headers: { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==' }, status: [400, 404, 426] },
  { name: 'another host', method: 'GET', path: `${api}/runs/get?run_id={{run_acc}}`, headers: { Host: 'evil.example' }, status: [200, 400, 403, 421], check: silent },
  { name: 'an expectation', method: 'POST', path: `${api}/runs/search`, headers: { Expect: '100-continue' }, json: { experiment_ids: ['{{exp_prod}}'] }, status: [200] },
  { name: 'an unknown expectation', method: 'GET', path: `${api}/runs/get?run_id={{run_acc}}`, headers: { Expect: 'evil' }, status: [400, 417], unheard: true },
  { name: 'a preflight from another origin', method: 'OPTIONS', path: `${api}/runs/delete`, headers: { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'POST' }, status: [400, 403, 404, 405], unheard: true },
]

/** Requests that two readers could read differently, or that reach for the machinery. */
export const wireAttacks: readonly Attack[] = [
  ...places,
  ...texts,
  ...contentTypes,
  ...paths.map((path): Attack => ({ name: `the path ${path}`, method: 'GET', path, status: [400, 404, 403] })),
  ...methods,
  ...headers,
  ...sites,
]
