import t from 'tap'
import { newestMlflow } from '../../../scripts/setup/python-environments.mjs'
import { askUpstream } from '../../attacks/attack-setup.ts'
import { reply, runId, startFakeUpstream } from '../../fakes/fake-upstream.ts'
import { startApp } from '../../harness/app.ts'
import { startMlflow } from '../../harness/mlflow-server.ts'

const api = '/api/2.0/mlflow'

t.test('every request for a caller of an environment is asked in its workspace, whatever the caller says', async (t) => {
  const upstream = await startFakeUpstream()
  upstream.knowledge.clear()
  const app = await startApp({ upstream: upstream.url, environments: { acc: { workspace: 'team-acc' }, preprod: {} } })
  t.teardown(async () => {
    await app.close()
    await upstream.close()
  })
  const experiment = { experiment_id: '7', name: '/experiments/acc/Default' }
  const run = {
    info: { run_id: runId, experiment_id: '7', artifact_uri: `mlflow-artifacts:/workspaces/team-acc/7/${runId}/artifacts` },
  }
  upstream.answer = reply(200, { experiment, run, registered_model: { name: 'fraud_acc' } })
  const ask = async (token: string, path: string, init: RequestInit = {}) => {
    upstream.received.length = 0
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'X-MLFLOW-WORKSPACE': 'team-other' }
    const response = await fetch(app.url + path, { ...init, headers })
    const said = upstream.received.map(({ rawHeaders }) =>
      rawHeaders.filter((_value, index) => index % 2 === 1 && /^x-mlflow-workspace$/i.test(rawHeaders[index - 1] ?? '')),
    )
    return { status: response.status, said, text: await response.text() }
  }
  const answer = await ask(app.token, `${api}/runs/get?run_id=${runId}`)
  t.equal(answer.status, 200)
  t.ok(answer.said.length >= 3, `${answer.said.length} requests`)
  t.same(new Set(answer.said.map(String)), new Set(['team-acc']), 'look-ups and the request itself')
  t.match(
    answer.text,
    `"mlflow-artifacts:/0/${runId}/artifacts"`.replace('/0/', '/7/'),
    'clients do without the folder of the workspace',
  )
  const upload = await ask(app.token, `/api/2.0/mlflow-artifacts/artifacts/7/${runId}/artifacts/x`, { method: 'PUT', body: 'x' })
  t.same(new Set(upload.said.map(String)), new Set(['team-acc']), 'bytes')
  const created = await ask(app.token, `${api}/registered-models/create`, { method: 'POST', body: '{"name":"fraud"}' })
  t.same(new Set(created.said.map(String)), new Set(['team-acc']), 'changes')
  upstream.answer = reply(200, { experiment: { experiment_id: '8', name: '/experiments/preprod/Default' } })
  const other = await ask(await app.issuer.token({ roles: ['apps_preprod'] }), `${api}/experiments/get?experiment_id=0`)
  t.equal(other.status, 200)
  t.same(other.said.flat(), [], 'an environment that is none is asked in none')
})

t.test('two environments in two workspaces of a real server', { timeout: 240_000 }, async (t) => {
  const server = await startMlflow({ version: newestMlflow, env: { MLFLOW_ENABLE_WORKSPACES: 'true' } })
  t.teardown(() => server.close())
  for (const name of ['team-acc', 'team-pre']) await askUpstream(server.url, 'POST', '/api/3.0/mlflow/workspaces', { name })
  const environments = { acc: { workspace: 'team-acc' }, preprod: { workspace: 'team-pre' } }
  const app = await startApp({ upstream: server.url, environments })
  t.teardown(() => app.close())
  const preprod = await app.issuer.token({ roles: ['apps_preprod'] })
  const ask = async (token: string, method: string, path: string, body?: unknown) => {
    const headers: Record<string, string> = { authorization: `Bearer ${token}`, 'x-mlflow-workspace': 'team-pre' }
    if (typeof body === 'object') headers['content-type'] = 'application/json'
    const payload = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
    const response = await fetch(app.url + path, { method, headers, ...payload })
    const text = await response.text()
    return { status: response.status, text, json: text.startsWith('{') ? JSON.parse(text) : {} }
  }
  const made = await ask(app.token, 'POST', `${api}/experiments/create`, { name: 'churn' })
  t.equal(made.status, 200, made.text)
  const { run } = (await ask(app.token, 'POST', `${api}/runs/create`, { experiment_id: made.json.experiment_id })).json
  const [, place] = /^mlflow-artifacts:(\/[0-9].*)$/.exec(run.info.artifact_uri) ?? []
  t.ok(place, run.info.artifact_uri)
  const file = `/api/2.0/mlflow-artifacts/artifacts${place}/model/MLmodel`
  t.equal((await ask(app.token, 'PUT', file, 'bytes')).status, 200)
  t.equal((await ask(app.token, 'GET', file)).text, 'bytes')
  t.match((await ask(app.token, 'GET', `${api}/artifacts/list?run_id=${run.info.run_id}&path=model`)).json, {
    files: [{ path: 'model/MLmodel' }],
  })
  t.equal((await ask(app.token, 'POST', `${api}/registered-models/create`, { name: 'fraud' })).status, 200)
  const version = await ask(app.token, 'POST', `${api}/model-versions/create`, {
    name: 'fraud',
    source: `mlflow-artifacts:${place}/model`,
    run_id: run.info.run_id,
  })
  t.match(version.json, { model_version: { current_stage: 'Staging', source: `mlflow-artifacts:${place}/model` } }, version.text)
  for (const path of [
    `${api}/runs/get?run_id=${run.info.run_id}`,
    file,
    `${api}/experiments/get?experiment_id=${made.json.experiment_id}`,
  ])
    t.equal((await ask(preprod, 'GET', path)).status, 404, `preprod: ${path}`)
  const elsewhere = await askUpstream(server.url, 'POST', `${api}/experiments/search`, { max_results: 100 })
  t.notMatch(JSON.stringify(elsewhere), /churn/, 'it is not in the default workspace')
})
