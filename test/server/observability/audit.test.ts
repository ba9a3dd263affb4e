import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { experimentId, reply, runId, startFakeUpstream } from '../../fakes/fake-upstream.ts'
import { objectId, tenantId } from '../../fakes/issuer.ts'
import { type App, startApp } from '../../harness/app.ts'
import { checkAuditLine } from '../../harness/audit-lines.ts'
import { headerOf, talk } from '../../harness/raw-http.ts'

const upstream = await startFakeUpstream()
const app = await startApp({ upstream: upstream.url })
t.teardown(async () => {
  await app.close()
  await upstream.close()
})

const api = '/api/2.0/mlflow'
const artifact = `/api/2.0/mlflow-artifacts/artifacts/0/${runId}/artifacts/model.bin`
const audited = (of: App = app) => of.lines().filter((line) => line.audit === true)
/** Stands in every value that a request may carry and no log may. */
const marker = 'MARKER-7f3a'
const model = { registered_model: { name: 'fraud_acc' } }
const caller = { tenantId, objectId, kind: 'application', administrator: false }
const nobody = { tenantId: null, objectId: null, kind: null, environment: null }
const fraud = { kind: 'model', logical: 'fraud', upstream: 'fraud_acc' }

interface Sent {
  readonly name: string
  readonly method?: string
  readonly path: string
  readonly body?: unknown
  readonly token?: string | null
  readonly line: Record<string, unknown>
}

async function send({ method = 'GET', path, body, token = app.token }: Sent) {
  const headers: Record<string, string> = { 'x-request-id': marker, cookie: marker, 'user-agent': marker }
  if (token !== null) headers.authorization = `Bearer ${token}`
  if (body !== undefined) headers['content-type'] = 'application/json'
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const response = await fetch(app.url + path, { method, headers, ...(body === undefined ? {} : { body: text }) })
  await response.arrayBuffer()
  return { status: response.status, id: response.headers.get('x-request-id') }
}

/** Sends a request and checks its one line; `status` of the line must be that of the answer. */
async function check(t: Test, sent: Sent): Promise<void> {
  const before = audited().length
  const { status, id } = await send(sent)
  await sleep(10)
  const lines = audited().slice(before)
  t.equal(lines.length, 1, `${sent.name}: one line`)
  const [line = {}] = lines
  checkAuditLine(t, line, sent.name)
  t.match(line, { requestId: id, status, complete: true, method: sent.method ?? 'GET', ...sent.line }, sent.name)
  t.ok(typeof line.durationMs === 'number' && line.durationMs >= 0 && line.durationMs < 5_000, `${sent.name}: how long it took`)
}

t.test('every request has one line: who, where, what, decided how and why', async (t) => {
  const stranger = await app.issuer.token({
    roles: ['apps_unknown'],
    oid: '99999999-0000-4000-8000-000000000000',
    sub: '99999999-0000-4000-8000-000000000000',
  })
  const user = await app.issuer.token({ idtyp: undefined, scp: 'access', appid: undefined, azp: undefined })
  const allowed = { ...caller, environment: 'acc', decision: 'allow', reason: null, upstreamStatus: 200 }
  const denied = { ...caller, environment: 'acc', decision: 'deny', upstreamStatus: null }
  upstream.answer = reply(200, model)
  const read = { path: `${api}/registered-models/get?name=fraud` }
  await check(t, { name: 'a read', ...read, line: { ...allowed, endpoint: 'getRegisteredModel', references: [fraud] } })
  await check(t, {
    name: 'a read by HEAD',
    ...read,
    method: 'HEAD',
    line: { ...allowed, endpoint: 'getRegisteredModel', references: [fraud] },
  })
  await check(t, { name: 'under /env', path: `/env/acc${read.path}`, line: { ...allowed, references: [fraud] } })
  await check(t, {
    name: 'by a person',
    ...read,
    token: user,
    line: { kind: 'user', objectId, environment: 'acc', decision: 'allow' },
  })
  await check(t, {
    name: 'a write',
    method: 'POST',
    path: `${api}/registered-models/create`,
    body: { name: 'fraud' },
    line: { ...allowed, endpoint: 'createRegisteredModel', references: [fraud] },
  })
  await check(t, {
    name: 'an upload',
    method: 'PUT',
    path: artifact,
    body: 'bytes',
    line: {
      ...allowed,
      endpoint: 'uploadArtifact',
      references: [
        {},
        { kind: 'artifact', logical: `0/${runId}/artifacts/model.bin`, upstream: `${experimentId}/${runId}/artifacts/model.bin` },
      ],
    },
  })
  await check(t, { name: 'a download', path: artifact, line: { ...allowed, endpoint: 'downloadArtifact' } })
  await check(t, {
    name: 'a name of another environment',
    path: `${api}/registered-models/get?name=fraud_preprod`,
    line: {
      ...denied,
      endpoint: 'getRegisteredModel',
      reason: 'foreign-name',
      references: [{ kind: 'model', logical: 'fraud_preprod', upstream: null }],
    },
  })
  await check(t, {
    name: 'an absent run',
    path: `${api}/runs/get?run_id=nothing`,
    line: { ...denied, endpoint: 'getRun', references: [{ kind: 'run', logical: 'nothing', upstream: null }] },
  })
  await check(t, {
    name: 'a closed endpoint',
    path: `${api}/webhooks`,
    line: { ...denied, endpoint: /^closed /, reason: 'closed-endpoint' },
  })
  await check(t, {
    name: 'an unknown path',
    path: '/no/such/path',
    line: { ...caller, environment: null, decision: 'deny', endpoint: 'unknown', reason: 'unknown-endpoint' },
  })
  await check(t, {
    name: 'a malformed body',
    method: 'POST',
    path: `${api}/registered-models/create`,
    body: `{"name":"${marker}`,
    line: { ...denied, reason: 'malformed' },
  })
  await check(t, {
    name: 'another environment',
    path: `/env/preprod${read.path}`,
    line: { ...caller, environment: null, decision: 'deny', reason: 'environment-not-allowed', endpoint: 'getRegisteredModel' },
  })
  await check(t, {
    name: 'a caller of no environment',
    ...read,
    token: stranger,
    line: { objectId: /^9999/, environment: null, decision: 'deny', reason: 'no-environment' },
  })
  await check(t, {
    name: 'no token',
    ...read,
    token: null,
    line: { ...nobody, decision: 'deny', reason: 'unauthenticated', endpoint: 'unknown' },
  })
  await check(t, {
    name: 'a bad token',
    ...read,
    token: `${app.token}x`,
    line: { ...nobody, decision: 'deny', reason: 'unauthenticated' },
  })
  await check(t, { name: 'health', path: '/health', token: null, line: { ...nobody, decision: 'none', endpoint: 'health' } })
  await check(t, { name: 'who am I', path: '/-/whoami', line: { ...caller, decision: 'none', endpoint: 'whoami' } })
  await check(t, {
    name: 'a bad address',
    path: `/%zz${marker}`,
    line: { ...nobody, decision: 'deny', reason: 'malformed', endpoint: 'unknown' },
  })
  upstream.answer = reply(404, { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'no' })
  await check(t, {
    name: 'an error of MLflow',
    ...read,
    line: { ...allowed, reason: 'upstream-error', upstreamStatus: 404, references: [fraud] },
  })
  upstream.answer = reply(200, '<html>')
  await check(t, {
    name: 'an unknown answer',
    ...read,
    line: { ...allowed, reason: 'unknown-answer', upstreamStatus: 200, references: [fraud] },
  })
  await check(t, {
    name: 'an unknown answer to a search',
    method: 'POST',
    path: `${api}/runs/search`,
    body: { experiment_ids: ['0'] },
    line: { ...allowed, reason: 'unknown-answer', upstreamStatus: 200 },
  })
})

t.test('the answer that the client does not wait for has its line too', async (t) => {
  upstream.answer = (incoming, response) => void setTimeout(() => reply(200, model)(incoming, response), 200)
  for (const path of [`${api}/registered-models/get?name=fraud`, artifact]) {
    const before = audited().length
    const asked = request(app.url + path, { headers: { authorization: `Bearer ${app.token}` } }).on('error', () => undefined)
    asked.end()
    await sleep(100)
    t.equal(audited().length, before, 'none as long as it is under way')
    asked.destroy()
    await sleep(300)
    const [line, ...more] = audited().slice(before)
    t.match(line, { decision: 'allow', complete: false, reason: 'client-gone', status: null, environment: 'acc' }, path)
    t.same(more, [], 'and only one')
  }
})

t.test('a download that breaks says whose doing it was', async (t) => {
  upstream.answer = (_request, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('half')
    setTimeout(() => response.socket?.resetAndDestroy(), 50)
  }
  const before = audited().length
  const answer = await fetch(app.url + artifact, { headers: { authorization: `Bearer ${app.token}` } })
  t.equal(answer.status, 200)
  await t.rejects(answer.text(), 'the client sees a broken transfer')
  await sleep(20)
  t.match(audited().slice(before), [{ status: 200, complete: false, reason: 'upstream-broke', upstreamStatus: 200 }])
})

t.test('bytes that are no request have a line without a word of them', async (t) => {
  const before = audited().length
  const [answer] = (await talk(app.url, `${marker}\r\n\r\n`)).answers
  const wanted = { ...nobody, endpoint: 'unreadable', method: null, decision: 'deny', reason: 'malformed', status: 400 }
  t.match(audited().slice(before), [{ ...wanted, requestId: answer && headerOf(answer, 'x-request-id') }])
  checkAuditLine(t, audited().at(-1) ?? {}, 'unreadable')
})

t.test('no token and no value of a parameter, metric, tag or artifact is ever logged', async (t) => {
  const run = { run_id: runId }
  const tags = [{ key: 'k', value: marker }]
  const posts: readonly (readonly [string, unknown])[] = [
    ['runs/log-parameter', { ...run, key: 'k', value: marker }],
    [
      'runs/log-batch',
      { ...run, params: [{ key: 'k', value: marker }], tags, metrics: [{ key: 'k', value: 0.7312345, timestamp: 1, step: 1 }] },
    ],
    ['runs/log-metric', { ...run, key: 'k', value: 0.7312345, timestamp: 1 }],
    ['runs/set-tag', { ...run, key: 'k', value: marker }],
    ['runs/create', { experiment_id: '0', run_name: marker, tags, start_time: 1 }],
    ['runs/search', { experiment_ids: ['0'], filter: `params.k = '${marker}'` }],
    ['registered-models/create', { name: 'fraud', description: marker, tags }],
    ['registered-models/set-tag', { name: 'fraud', key: 'k', value: marker }],
    ['model-versions/create', { name: 'fraud', source: `runs:/${runId}/model`, run_id: runId, description: marker, tags }],
    ['experiments/create', { name: 'churn', tags }],
    ['runs/log-parameter', { run_id: 'absent', key: 'k', value: marker }],
    ['runs/log-parameter', { ...run, key: 'k', value: marker, unknown: marker }],
    ['runs/log-parameter', { ...run, key: 'k', value: [marker] }],
    ['runs/log-parameter', `{"run_id":"${runId}","key":"k","value":"${marker}","value":"${marker}"}`],
  ]
  const answers = [
    reply(200, { run: { info: { experiment_id: experimentId, run_id: runId }, data: { params: tags, tags } } }),
    reply(400, { error_code: 'INVALID_PARAMETER_VALUE', message: `the value ${marker} is bad` }),
    reply(500, `<html>${marker}`),
    reply(200, marker),
  ]
  const forged = `${app.token.split('.').slice(0, 2).join('.')}.${Buffer.from(marker).toString('base64url')}`
  for (const answer of answers) {
    upstream.answer = answer
    for (const [path, body] of posts) await send({ name: path, method: 'POST', path: `${api}/${path}`, body, line: {} })
    await send({ name: 'upload', method: 'PUT', path: artifact, body: marker, line: {} })
    await send({ name: 'download', path: artifact, line: {} })
    await send({ name: 'search', path: `${api}/registered-models/search?filter=${marker}&page_token=${marker}`, line: {} })
    await send({ name: 'forged', path: `${api}/registered-models/get?name=fraud`, token: forged, line: {} })
    await send({ name: 'in the address', path: `${api}/registered-models/get?name=fraud&access_token=${app.token}`, line: {} })
    await send({ name: 'in a path', path: `/${app.token}`, line: {} })
  }
  await sleep(20)
  const text = app.logs()
  t.ok(audited().length > 80, 'there is much to look at')
  for (const secret of [
    marker,
    Buffer.from(marker).toString('base64url'),
    '0.7312345',
    app.token,
    ...app.token.split('.').slice(1),
    'Bearer',
    'eyJ',
  ]) {
    t.notMatch(text, secret, `${secret.slice(0, 20)} stands nowhere`)
  }
})

t.test('nothing of a request can break its line', async (t) => {
  const nasty = 'a\\n{"audit":true,"objectId":"root"}\\u001b[2J\\u2028'
  const before = audited().length
  await send({ name: 'a name', method: 'POST', path: `${api}/registered-models/create`, body: `{"name":"${nasty}"}`, line: {} })
  await send({ name: 'a path', path: '/api/2.0/mlflow-artifacts/artifacts/0/%0a%7b%22audit%22%3atrue%7d', line: {} })
  await sleep(20)
  t.equal(audited().length, before + 2, 'two requests, two lines')
  t.notMatch(app.logs(), /[\u0000-\u0009\u000b-\u001f]/, 'no control character is written')
})

t.end()
