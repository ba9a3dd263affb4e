import { createHash } from 'node:crypto'
import t from 'tap'
import { startIssuer } from '../fakes/issuer.ts'
import { type Fields, objectOf, objectsOf, text } from '../fakes/workspace/call.ts'
import { askWorkspace } from '../fakes/workspace/member.ts'
import { startPassthrough } from '../fakes/workspace/passthrough.ts'
import { startMlflow } from '../harness/mlflow-server.ts'
import { runDatabricksClient } from '../scenarios/databricks-python.ts'

// Traces in experiments of a workspace, by the rules of all traces: their spans are in the workspace's storage.
const [mlflow, issuer] = await Promise.all([startMlflow({ version: '3.17.2' }), startIssuer()])
const place = await startPassthrough(
  { mlflow, issuer, storage: 'adls' },
  { databricksHost: { listen: { port: 0 } }, environments: { acc: {}, prod: { production: true } } },
)
t.teardown(async () => {
  await place.close()
  await Promise.all([mlflow.close(), issuer.close()])
})
const { app, workspace } = place
const tokens = { acc: await place.tokenOf('acc', 1), prod: await place.tokenOf('prod', 2) } as const
const host = app.databricksHost ?? ''
type Who = keyof typeof tokens

const ask = (who: Who, method: string, path: string, fields: Fields = {}, url = app.url) =>
  askWorkspace(url, method, path, fields, tokens[who])

async function done(who: Who, method: string, path: string, fields: Fields = {}, url = app.url) {
  const given = await ask(who, method, path, fields, url)
  if (given.status !== 200) throw new Error(`${method} ${path}: ${given.text}`)
  return given.fields
}

const idOf = (name: string) => `tr-${createHash('md5').update(name).digest('hex')}`
const info = (trace_id: string, experiment_id: string) => ({
  trace_id,
  trace_location: { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id } },
  request_time: '2026-11-01T00:00:00Z',
  execution_duration: '1s',
  state: 'OK',
})

async function start(who: Who, name: string) {
  const experimentId = text(await done(who, 'POST', '/api/2.0/mlflow/experiments/create', { name }), 'experiment_id')
  const id = idOf(`${who} ${name}`)
  const trace = { trace_info: info(id, experimentId) }
  return { id, experimentId, started: await done(who, 'POST', '/api/3.0/mlflow/traces', { trace }) }
}

const [mine, theirs] = [await start('acc', 'chat'), await start('prod', 'chat')]
const artifacts = (id: string, experimentId: string, file = 'traces.json') =>
  `${app.url}/api/2.0/mlflow-artifacts/artifacts/${experimentId}/traces/${id}/artifacts/${file}`

async function send(who: Who, method: 'PUT' | 'GET', url: string, body?: string) {
  const headers = { authorization: `Bearer ${tokens[who]}` }
  const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) })
  return { status: response.status, text: await response.text() }
}

t.test('the spans of a trace are read and written where its tag says', async (t) => {
  const tags = objectOf(objectOf(objectOf(mine.started.trace).trace_info).tags)
  t.equal(tags['mlflow.artifactLocation'], `mlflow-artifacts:/${mine.experimentId}/traces/${mine.id}/artifacts`)
  for (const file of ['traces.json', 'attachments/a.png']) {
    const url = artifacts(mine.id, mine.experimentId, file)
    t.equal((await send('acc', 'PUT', url, `of ${file}`)).status, 200, file)
    t.match(await send('acc', 'GET', url), { status: 200, text: `of ${file}` })
    t.equal((await send('prod', 'GET', url)).status, 404, 'as if absent')
    t.equal((await send('prod', 'PUT', url, 'x')).status, 404)
  }
  const before = workspace.calls().length
  for (const experimentId of [theirs.experimentId, mine.experimentId]) {
    t.equal((await send('acc', 'GET', artifacts(theirs.id, experimentId))).status, 404, 'whichever experiment the path says')
    t.equal((await send('acc', 'PUT', artifacts(theirs.id, experimentId), 'x')).status, 404)
  }
  const asked = workspace.calls().slice(before)
  t.notOk(asked.some(({ path }) => path.includes('credentials')))
})

t.test('clients in Databricks mode get credentials for the spans of their own traces, and nobody else does', async (t) => {
  for (const way of ['upload', 'download']) {
    const path = (id: string) => `/api/2.0/mlflow/traces/${id}/credentials-for-data-${way}`
    const given = await done('acc', 'GET', path(mine.id), {}, host)
    t.match(objectOf(given.credential_info), { signed_uri: /^http/, type: 'AZURE_ADLS_GEN2_SAS_URI' }, way)
    t.equal((await ask('acc', 'GET', path(mine.id), { path: 'attachments/a.png' }, host)).status, 200)
    t.equal((await ask('acc', 'GET', path(mine.id), { path: '../x' }, host)).status, 400)
    const [foreign, absent] = [
      await ask('acc', 'GET', path(theirs.id), {}, host),
      await ask('acc', 'GET', path(idOf('no')), {}, host),
    ]
    t.match([foreign.status, foreign.code], [404, 'RESOURCE_DOES_NOT_EXIST'])
    t.equal(foreign.text.replaceAll(theirs.id, ''), absent.text.replaceAll(idOf('no'), ''), 'foreign is as absent')
    t.equal((await ask('acc', 'GET', path(mine.id))).status, 403, 'others go through the proxy')
  }
})

t.test('another’s trace is as absent to everything that names one', async (t) => {
  const v3 = (id: string) => `/api/3.0/mlflow/traces/${id}`
  const v2 = (id: string) => `/api/2.0/mlflow/traces/${id}`
  const assessment = { assessment_name: 'right', feedback: { value: true }, source: { source_type: 'HUMAN', source_id: 'me' } }
  const requests: readonly (readonly [string, (id: string) => string, (id: string) => Fields])[] = [
    ['GET', v3, () => ({})],
    ['PATCH', (id) => `${v3(id)}/tags`, () => ({ key: 'a', value: 'b' })],
    ['DELETE', (id) => `${v3(id)}/tags`, () => ({ key: 'a' })],
    ['POST', (id) => `${v3(id)}/assessments`, (trace_id) => ({ assessment: { ...assessment, trace_id } })],
    ['GET', (id) => `${v3(id)}/assessments/a-1`, () => ({})],
    ['GET', (id) => `${v2(id)}/info`, () => ({})],
    ['PATCH', v2, () => ({ status: 'OK', timestamp_ms: 1 })],
    ['PATCH', (id) => `${v2(id)}/tags`, () => ({ key: 'a', value: 'b' })],
  ]
  for (const url of [app.url, host]) {
    for (const [method, path, fields] of requests) {
      const [foreign, absent] = [theirs.id, idOf('no')].map((id) => ask('acc', method, path(id), fields(id), url))
      const [one, other] = [await foreign, await absent]
      t.match([one?.status, one?.code], [404, 'RESOURCE_DOES_NOT_EXIST'], `${method} ${path('{id}')}`)
      t.equal(one?.text.replaceAll(theirs.id, ''), other?.text.replaceAll(idOf('no'), ''))
    }
    const moved = { trace: { trace_info: info(theirs.id, mine.experimentId) } }
    t.equal((await ask('acc', 'POST', '/api/3.0/mlflow/traces', moved, url)).status, 404, 'nor is it moved by a new start')
    const there = { trace: { trace_info: info(idOf('new'), theirs.experimentId) } }
    t.equal((await ask('acc', 'POST', '/api/3.0/mlflow/traces', there, url)).status, 404)
    const found = await done(
      'acc',
      'POST',
      '/api/3.0/mlflow/traces/search',
      {
        locations: [mine, theirs].map(({ experimentId }) => info('x', experimentId).trace_location),
      },
      url,
    )
    t.strictSame(
      objectsOf(found.traces).map(({ trace_id }) => trace_id),
      [mine.id],
    )
  }
})

t.test(
  'tables of Unity Catalog are closed as endpoints that are not there: clients look in experiments, and log in no more',
  async (t) => {
    const before = workspace.calls().length
    const closed: readonly (readonly [string, string, Fields?])[] = [
      ['POST', '/api/4.0/mlflow/traces/search-long-running', { locations: [info('x', mine.experimentId).trace_location] }],
      ['GET', '/api/4.0/mlflow/traces/search/operations/x'],
      ['GET', '/api/4.0/mlflow/traces/main.traces/batchGet'],
      ['GET', `/api/4.0/mlflow/traces/main.traces/${'1'.repeat(32)}/info`],
      ['POST', `/api/4.0/mlflow/traces/main.traces/${'1'.repeat(32)}/info`],
      ['POST', '/api/4.0/mlflow/traces/location'],
      ['POST', `/api/4.0/mlflow/traces/${mine.experimentId}/link-location`],
      ['POST', '/api/4.0/mlflow/traces/main.traces/link-to-run/batchCreate'],
      ['POST', '/api/5.0/mlflow/tracing/locations'],
      ['GET', '/api/2.0/mlflow/unified-traces'],
      ['GET', '/api/2.0/mlflow/get-online-trace-details'],
      ['POST', '/api/2.0/otel/v1/traces'],
    ]
    for (const url of [app.url, host]) {
      for (const [method, path, fields] of closed) {
        const { status, code, text } = await ask('acc', method, path, fields, url)
        t.match([status, code], [404, 'ENDPOINT_NOT_FOUND'], `${method} ${path}`)
        t.match(text, /Unity Catalog tables/, `${method} ${path}`)
      }
    }
    const asked = workspace.calls().slice(before)
    t.strictSame(
      asked.filter(({ path }) => !path.includes('scim')),
      [],
    )
  },
)

const full = process.env.ENV_PROXY_TESTS === 'full'
const ways = [
  ['3.18.0', 'http'],
  ['3.18.0', 'databricks'],
  ['3.17.2', 'http'],
  ['3.17.2', 'databricks'],
] as const
for (const [version, mode] of full ? ways : ways.slice(0, 2)) {
  t.test(`MLflow ${version} traces to an experiment of a workspace (${mode})`, async (t) => {
    const token = tokens.acc
    const http = { MLFLOW_TRACKING_URI: app.url, MLFLOW_TRACKING_TOKEN: token }
    const [seen = {}] = await runDatabricksClient({
      environment: version,
      script: 'tracing_client.py',
      ...(mode === 'http' ? {} : { host, token }),
      env: { STORY: `/Shared/traced-${mode}-${version}`, FOREIGN_TRACE: theirs.id, ...(mode === 'http' ? http : {}) },
    })
    t.match(
      seen,
      {
        spans: ['answer', 'inner'],
        place: mode === 'http' ? 'mlflow-artifacts' : 'dbfs',
        experiment: true,
        found: [[true, 2]],
        'by tag': 1,
        tags: ['yes', null],
        feedback: true,
        'feedback gone': 'RESOURCE_DOES_NOT_EXIST',
        foreign: 'RESOURCE_DOES_NOT_EXIST',
        deleted: 1,
      },
      JSON.stringify(seen),
    )
    t.notMatch(JSON.stringify(seen['in a table']), /PERMISSION|credential|auth/i)
  })
}
