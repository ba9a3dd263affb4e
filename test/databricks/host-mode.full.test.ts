import t from 'tap'
import { request } from 'undici'
import { ensurePythonEnvironments, newestMlflow } from '../../scripts/setup/python-environments.mjs'
import { startIssuer } from '../fakes/issuer.ts'
import { type Fields, objectOf, text } from '../fakes/workspace/call.ts'
import { askWorkspace } from '../fakes/workspace/member.ts'
import { startPassthrough } from '../fakes/workspace/passthrough.ts'
import { startMlflow } from '../harness/mlflow-server.ts'
import { runDatabricksClient } from '../scenarios/databricks-python.ts'

// Unmodified clients take the proxy for their workspace; behind it are a real MLflow and real Azure storage.
const [mlflow, issuer] = await Promise.all([
  startMlflow({ version: '3.17.2' }),
  startIssuer(),
  ensurePythonEnvironments(['1.30.1', '2.22.4', newestMlflow], (line) => t.comment(line)),
])
const { workspace, app, tokenOf, close } = await startPassthrough(
  { mlflow, issuer, storage: 'blob' },
  {
    databricksHost: { listen: { port: 5002 }, hostNames: [{ name: 'dbx.test' }, { name: 'dbx-prod.test', environment: 'prod' }] },
    environments: { acc: { sourcePrefixes: ['dbfs:/models/acc/'] }, prod: { production: true, promotesFrom: ['acc'] } },
  },
)
const host = app.databricksHost ?? ''
t.teardown(async () => {
  await close()
  await Promise.all([mlflow.close(), issuer.close()])
})
const [acc, prod, both] = await Promise.all([
  tokenOf('acc', 1),
  tokenOf('prod', 2),
  tokenOf('both', 3, ['apps_acc', 'apps_prod']),
])
const api = '/api/2.0/mlflow'
const asks =
  (url: string, token: string) =>
  (method: string, path: string, fields: Fields = {}) =>
    askWorkspace(url, method, path, fields, token)

/** A run with one file in an environment of somebody else's. */
async function makeRun(token: string, name: string): Promise<{ runId: string; location: string }> {
  const ask = asks(host, token)
  const { fields } = await ask('POST', `${api}/experiments/create`, { name })
  const run = await ask('POST', `${api}/runs/create`, { experiment_id: fields.experiment_id })
  const info = objectOf(objectOf(run.fields.run).info)
  const location = text(info, 'artifact_uri')
  await workspace.storage.write(`${location.replace('dbfs:/', '')}/secret.txt`, Buffer.from('secret'))
  return { runId: text(info, 'run_id'), location }
}
const foreign = await makeRun(prod, 'secrets')

const wanted = {
  artifact_uri: /^dbfs:\/databricks\/mlflow-tracking\/\d+\/[0-9a-f]{32}\/artifacts$/,
  location: /^dbfs:\/databricks\/mlflow-tracking\/\d+/,
  search: [true],
  root: [
    ['files', true],
    ['note.txt', false],
  ],
  list: [
    ['files/100%20long.bin', false],
    ['files/deep', true],
    ['files/empty.bin', false],
  ],
  'file as folder': [],
  files: { '100%20long.bin': true, 'deep/er/note.txt': true, 'empty.bin': true },
  single: 'Grüße\n',
  stages: ['Archived', 'Staging'],
  download_uri: /^dbfs:\/databricks\/mlflow-registry\//,
  latest: ['1'],
  answer: [42],
}

t.test('clients in Databricks mode do their work through the proxy, and reach nobody else’s', { timeout: 300_000 }, async (t) => {
  for (const environment of ['1.30.1', '2.22.4', newestMlflow]) {
    const scenario = `churn-${environment.replaceAll('.', '-')}`
    const env = { STORY: scenario, FOREIGN: foreign.runId, MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE: String(1 << 20) }
    const before = workspace.calls().length
    const [seen = {}] = await runDatabricksClient({ environment, script: 'host_client.py', host, token: acc, env })
    const dbfs = [
      ['dbfs:', 'models', 'acc', scenario],
      ['files/deep', 'files/long.bin'],
    ]
    const dbfsFiles = { 'deep/er/note.txt': true, 'long.bin': true }
    t.match(
      { ...seen },
      { ...wanted, dbfs, 'dbfs files': dbfsFiles, version: [scenario, '1', 'Staging', /^(dbfs|models):$/], models: [scenario] },
      environment,
    )
    const [run, list, download, upload, stage, model] = Array.isArray(seen.foreign) ? seen.foreign : []
    for (const refusal of [run, list, download, upload]) {
      t.match(
        refusal,
        new RegExp(`Run with id=${foreign.runId} not found`),
        `${environment}: another environment’s run is absent`,
      )
    }
    t.match(stage, /may not move versions to Production/)
    t.match(model, /belongs to another environment/)
    const after = workspace.calls().slice(before)
    t.notOk(
      after.some(({ path, search, body }) => /credentials|artifacts/.test(path) && (search + body).includes(foreign.runId)),
      'and the workspace saw nothing of it',
    )
    t.ok(
      after.some(({ path }) => path.endsWith('/credentials-for-write')),
      'bytes went to the storage by signed URLs',
    )
  }
  t.notMatch(app.logs(), /sig=|signed_uri/, 'which are not logged')
  t.match(app.logs(), /"endpoint":"writeWorkspaceFile".*"status":200/, 'MLflow 3 tried the Files API first, and was served')
})

t.test('the door says how artifacts are reached', async (t) => {
  const { runId } = foreign
  t.equal(
    (await asks(app.url, prod)('POST', `${api}/artifacts/credentials-for-read`, { run_id: runId, path: ['secret.txt'] })).code,
    'PERMISSION_DENIED',
  )
  t.match((await asks(app.url, prod)('GET', `${api}/runs/get`, { run_id: runId })).text, /mlflow-artifacts:\//)
  t.match((await asks(host, prod)('GET', `${api}/runs/get`, { run_id: runId })).text, /dbfs:\//)
  t.equal((await asks(host, prod)('GET', '/api/2.0/mlflow-artifacts/artifacts', { path: '1/x' })).code, 'ENDPOINT_NOT_FOUND')
  const given = await asks(host, prod)('POST', `${api}/artifacts/credentials-for-read`, { run_id: runId, path: ['secret.txt'] })
  t.equal(given.status, 200, given.text)
  const metadata = await fetch(`${host}/.well-known/databricks-config`)
  t.same([metadata.status, await metadata.text(), metadata.headers.get('cache-control')], [200, '{}', 'public, max-age=3600'])
  t.equal((await fetch(`${app.url}/.well-known/databricks-config`)).status, 401, 'nothing of it at the other door')
})

t.test('a host name opens the door on any port, and may say the environment of callers in several', async (t) => {
  const whoami = async (url: string, name: string, path = '/-/whoami') => {
    const { body } = await request(`${url}${path}`, { headers: { host: name, authorization: `Bearer ${both}` } })
    return objectOf(await body.json())
  }
  for (const url of [app.url, host]) {
    for (const name of ['dbx-prod.test', 'DBX-prod.test.:8443']) {
      t.match(await whoami(url, name), { environment: 'prod', models: 'fraud is fraud_prod' }, `${name} on ${url}`)
    }
    const several = await whoami(url, 'dbx.test')
    t.match(several, {
      environment: null,
      why: 'You are in several environments: choose one by the host name in DATABRICKS_HOST: dbx-prod.test (prod).',
    })
    t.match(await whoami(url, 'dbx-prod.test', '/env/acc/-/whoami'), {
      why: "This host name is for environment 'prod', not for 'acc'.",
    })
    const path = `${api}/runs/get?run_id=${foreign.runId}`
    t.match(JSON.stringify(await whoami(url, 'dbx-prod.test', path)), /"dbfs:/, 'locations are the workspace’s own')
    t.same(await whoami(url, 'dbx.test', '/.well-known/databricks-config'), {})
  }
  t.match(await whoami(app.url, 'mlflow.test'), { why: /adding \/env\/acc or \/env\/prod to MLFLOW_TRACKING_URI/ })
  t.match(await whoami(app.url, 'mlflow.test', `/env/prod${api}/runs/get?run_id=${foreign.runId}`), {
    run: { info: { artifact_uri: /^mlflow-artifacts:/ } },
  })
})

t.test('what a client says of itself, and of other identities, does not go on', async (t) => {
  const before = workspace.calls().length
  const headers = {
    authorization: `Bearer ${acc}`,
    'x-databricks-azure-sp-management-token': 'stolen',
    'x-databricks-azure-workspace-resource-id': '/subscriptions/x',
    'x-databricks-workspace-id': '7',
    'x-databricks-org-id': '7',
    'x-databricks-cluster-id': 'c',
    'x-forwarded-user': 'admin',
    cookie: 'session=x',
  }
  await (await request(`${host}${api}/experiments/get-by-name?experiment_name=churn`, { headers })).body.text()
  const sent = workspace.calls().slice(before)
  t.ok(sent.length > 0)
  for (const call of sent)
    t.same(
      Object.keys(call.headers).filter((name) => /^x-|cookie/.test(name)),
      [],
      call.path,
    )
})

t.test('files of DBFS go both ways, the empty ones too', async (t) => {
  const headers = { authorization: `Bearer ${acc}` }
  for (const body of ['', 'Grüße\n']) {
    const url = `${host}/dbfs/models/acc/plain/a%20b.txt`
    const put = await request(url, { method: 'POST', headers, body })
    t.equal(put.statusCode, 200, await put.body.text())
    const got = await request(url, { headers })
    t.same([got.statusCode, got.headers['content-length'], await got.body.text()], [200, String(Buffer.byteLength(body)), body])
  }
  const foreign = await request(`${host}/dbfs/models/prod/x`, { headers })
  t.equal(foreign.statusCode, 403, await foreign.body.text())
})
