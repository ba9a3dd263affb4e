import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { planOf } from '../../../src/policy/plan.ts'
import { experimentId, reply, runId, startFakeUpstream } from '../../fakes/fake-upstream.ts'
import { goodMessage } from '../../fixtures/full-message.ts'
import { writeRequest } from '../../fixtures/message-request.ts'
import { makeTenancy, openSourceTenancy } from '../../fixtures/tenancy.ts'
import { startApp } from '../../harness/app.ts'
import { checkAuditLine } from '../../harness/audit-lines.ts'
import { closePlaces, openPlace, type Place, rowsOf, sendTo } from '../../harness/tenancy-proxy.ts'

const places = await Promise.all(
  [openSourceTenancy, makeTenancy('databricks'), makeTenancy('unityCatalog')].map((tenancy) => openPlace(tenancy)),
)
t.teardown(() => closePlaces(places))

async function linesOf(app: Pick<Place['app'], 'lines'>, count: number): Promise<Record<string, unknown>[]> {
  for (let tries = 0; ; tries += 1) {
    const lines = app.lines().filter(({ audit }) => audit === true)
    if (lines.length >= count || tries > 200) return lines
    await sleep(10)
  }
}

for (const place of places) {
  t.test(`the line of every endpoint is what the schema says: ${place.tenancy.kind}`, async (t) => {
    const [caller] = place.tenancy.places
    const rows = rowsOf(place.tenancy)
    for (const endpoint of rows) await sendTo(place, caller, writeRequest(endpoint, goodMessage(endpoint, caller)))
    const lines = await linesOf(place.app, rows.length)
    t.equal(lines.length, rows.length, 'one for each')
    for (const [index, endpoint] of rows.entries()) {
      const line = lines[index] ?? {}
      checkAuditLine(t, line, endpoint.name)
      t.match(line, { endpoint: endpoint.name, action: endpoint.action, environment: caller.environment.name })
      if (planOf(endpoint).details.length > 0) t.not(line.details, null, `${endpoint.name} has details`)
    }
  })
}

const api = '/api/2.0/mlflow'
const version = {
  name: 'fraud_acc',
  version: '3',
  current_stage: 'None',
  source: `runs:/${runId}/m`,
  run_id: runId,
  status: 'READY',
}
const upstream = await startFakeUpstream()
upstream.knowledge.set(`${api}/model-versions/get`, { model_version: version })
upstream.answer = reply(200, { model_version: { ...version, current_stage: 'Staging' } })
const app = await startApp({ upstream: upstream.url, more: { log: { level: 'error' }, trustedProxies: ['127.0.0.0/8'] } })
t.teardown(() => Promise.all([app.close(), upstream.close()]))

async function lineFor(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
  const before = app.lines().length
  const answer = await fetch(app.url + path, {
    method,
    headers: { authorization: `Bearer ${app.token}`, 'content-type': 'application/json', ...headers },
    ...(body && { body: JSON.stringify(body) }),
  })
  await answer.text()
  const [line = {}] = (await linesOf(app, before + 1)).slice(before)
  return { line, id: answer.headers.get('x-request-id') }
}

t.test(
  'a change says what it changes: version, stages, alias, tag key, new name, path; whatever the level of the log',
  async (t) => {
    const fraud = { kind: 'model', logical: 'fraud', upstream: 'fraud_acc' }
    const id = { name: 'fraud', version: '3' }
    const cases: [string, string, object | undefined, object][] = [
      [
        'POST',
        `${api}/model-versions/transition-stage`,
        { ...id, stage: 'staging', archive_existing_versions: true },
        {
          action: 'transition',
          references: [{ ...fraud, version: '3' }],
          details: { fromStage: 'None', toStage: 'Staging', archivesOthers: true },
        },
      ],
      [
        'POST',
        `${api}/model-versions/transition-stage`,
        { ...id, stage: 'Production' },
        { decision: 'deny', reason: 'stage', references: [{ version: '3' }], details: { toStage: 'Production' } },
      ],
      ['POST', `${api}/registered-models/alias`, { ...id, alias: 'champion' }, { details: { alias: 'champion' } }],
      ['POST', `${api}/model-versions/set-tag`, { ...id, key: 'k', value: 'secret' }, { details: { tagKey: 'k' } }],
      ['DELETE', `${api}/registered-models/delete-tag`, { name: 'fraud', key: 'k' }, { details: { tagKey: 'k' } }],
      ['POST', `${api}/registered-models/rename`, { name: 'fraud', new_name: 'risk' }, { details: { newName: 'risk' } }],
      [
        'GET',
        `/get-artifact?run_id=${runId}&path=model%2FMLmodel`,
        undefined,
        { action: 'read', references: [{ kind: 'run', logical: runId }], details: { path: 'model/MLmodel' } },
      ],
      [
        'POST',
        `${api}/model-versions/create`,
        { name: 'fraud', source: `runs:/${runId}/m`, run_id: runId },
        { action: 'create', references: [{ ...fraud, version: '3' }], details: { toStage: 'Staging' } },
      ],
    ]
    for (const [method, path, body, expected] of cases)
      t.match((await lineFor(method, path, body)).line, expected, `${method} ${path}`)
    t.notMatch(app.logs(), 'secret', 'no value')
    t.notOk(
      app.lines().some(({ audit }) => audit !== true),
      'and the log itself is silent',
    )
  },
)

t.test("a request is followed by the client's ids, which go on to MLflow, and MLflow's own", async (t) => {
  const ids = { 'x-request-id': 'client-0123456789', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }
  upstream.answer = reply(200, { registered_model: { name: 'fraud_acc' } }, { 'x-request-id': 'mlflow-0123456789' })
  const read = `${api}/registered-models/get?name=fraud`
  const download = `/api/2.0/mlflow-artifacts/artifacts/0/${runId}/artifacts/model.bin`
  for (const path of [read, download]) {
    upstream.received.length = 0
    const { line, id } = await lineFor('GET', path, undefined, ids)
    const followed = {
      requestId: ids['x-request-id'],
      traceId: '0af7651916cd43dd8448eb211c80319c',
      upstreamRequestId: 'mlflow-0123456789',
    }
    t.match(line, followed, path)
    t.equal(id, ids['x-request-id'])
    const rawHeaders = upstream.received[0]?.rawHeaders ?? []
    for (const [name, value] of Object.entries(ids)) t.equal(rawHeaders[rawHeaders.indexOf(name) + 1], value, `${path}: ${name}`)
  }
  for (const bad of ['short', `${'x'.repeat(65)}`, 'with a space 0123456789', app.token]) {
    upstream.received.length = 0
    const { line, id } = await lineFor('GET', read, undefined, {
      'x-request-id': bad,
      traceparent: `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    })
    t.match(id, /^[0-9a-f-]{36}$/, 'one of its own')
    t.match(line, { requestId: id, traceId: null })
    t.notMatch(upstream.received.map(({ rawHeaders }) => rawHeaders.join()).join(), /x-request-id|traceparent/)
  }
})

t.test(
  "who asks, from where: names for people, the groups that decided, and the client's address by trusted proxies",
  async (t) => {
    const read = `${api}/experiments/get?experiment_id=${experimentId}`
    const user = {
      idtyp: undefined,
      scp: 'access',
      preferred_username: 'ana@example.com',
      azp: 'app-1',
      groups: ['other', 'apps_acc'],
    }
    const token = await app.issuer.token(user)
    const asked = (forwarded: string) =>
      lineFor('GET', `/env/acc${read}`, undefined, { authorization: `Bearer ${token}`, 'x-forwarded-for': forwarded })
    const { line } = await asked('6.6.6.6, 203.0.113.7, 127.0.0.9')
    t.match(line, { userName: 'ana@example.com', applicationId: 'app-1', groups: ['apps_acc'], askedEnvironment: 'acc' })
    t.equal(line.clientAddress, '203.0.113.7', 'the last one that is not trusted')
    for (const [said, meant] of [
      ['nonsense', '127.0.0.1'],
      ['', '127.0.0.1'],
      ['203.0.113.7:4711', '203.0.113.7'],
      ['[2001:db8::1]:80', '2001:db8::1'],
      ['evil, 127.0.0.2', '127.0.0.2'],
    ] as const)
      t.equal((await asked(said)).line.clientAddress, meant, said)
    t.match(line.configHash, /^[0-9a-f]{16}$/)
  },
)

t.test('while the audit cannot be written, changes are refused before anything is sent, and reads go on', async (t) => {
  let problem: string | null = null
  const strict = await startApp({ upstream: upstream.url, auditFailing: () => problem })
  t.teardown(() => strict.close())
  const headers = { authorization: `Bearer ${strict.token}`, 'content-type': 'application/json' }
  const change = (path: string, body: string) => fetch(strict.url + path, { method: 'POST', headers, body })
  const create = () => change(`${api}/registered-models/create`, '{"name":"fraud"}')
  upstream.answer = reply(200, { registered_model: { name: 'fraud_acc' }, runs: [] })
  t.equal((await create()).status, 200)
  problem = 'ENOSPC'
  upstream.received.length = 0
  const refused = await create()
  t.same([refused.status, refused.headers.get('retry-after')], [503, '1'])
  t.match(await refused.json(), {
    error_code: 'TEMPORARILY_UNAVAILABLE',
    message: /audit.*cannot be written.*Nothing was carried out/,
  })
  const upload = await fetch(`${strict.url}/api/2.0/mlflow-artifacts/artifacts/0/${runId}/artifacts/x`, {
    method: 'PUT',
    headers,
    body: 'x',
  })
  t.equal(upload.status, 503)
  t.same(upstream.received, [])
  t.equal((await fetch(`${strict.url}${api}/registered-models/get?name=fraud`, { headers })).status, 200)
  t.equal((await change(`${api}/runs/search`, '{"experiment_ids":["0"]}')).status, 200, 'a search is no change')
  problem = null
  t.equal((await create()).status, 200)
  t.match((await linesOf(strict, 2))[1], { decision: 'none', reason: 'audit-unavailable', status: 503, upstreamStatus: null })
})

t.test('the log says of each 401 and 404 why, and for which path, without anything that could be a token', async (t) => {
  const plain = await startApp({ upstream: upstream.url })
  t.teardown(() => plain.close())
  const ask = async (path: string, token: string | null = plain.token) => {
    const before = plain.lines().length
    await fetch(plain.url + path, token === null ? {} : { headers: { authorization: `Bearer ${token}` } })
    while (plain.lines().length < before + 2) await sleep(5)
    return plain.lines().find(({ audit, msg }, index) => index >= before && audit !== true && msg === 'a request was refused')
  }
  const read = `${api}/registered-models/get`
  t.match(await ask(`${read}?name=fraud`, null), {
    statusCode: 401,
    reason: 'unauthenticated',
    said: /no access token/,
    path: read,
  })
  t.match(await ask(`${read}?name=fraud`, `${plain.token}x`), {
    statusCode: 401,
    said: /The token is not a JSON Web Token/,
    path: read,
  })
  t.match(await ask('/nothing/here?secret=1'), {
    statusCode: 404,
    reason: 'unknown-endpoint',
    path: '/nothing/here',
    method: 'GET',
  })
  t.match(await ask(`/a/${plain.token}/b`), { path: '/a/…/b' })
  t.match(await ask(`${api}/runs/get?run_id=nothing`), { statusCode: 404, reason: 'not-found', endpoint: 'getRun', said: null })
})

t.test('from anybody else X-Forwarded-For is ignored', async (t) => {
  const plain = await startApp({ upstream: upstream.url })
  t.teardown(() => plain.close())
  await fetch(`${plain.url}/health`, { headers: { 'x-forwarded-for': '203.0.113.7' } })
  t.match(await linesOf(plain, 1), [{ clientAddress: '127.0.0.1' }])
})

t.end()
