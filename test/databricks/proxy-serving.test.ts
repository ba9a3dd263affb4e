import { once } from 'node:events'
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { ensurePythonEnvironments } from '../../scripts/setup/python-environments.mjs'
import { startAuthority } from '../fakes/authority.ts'
import { startFakeUpstream } from '../fakes/fake-upstream.ts'
import { startIssuer, tenantId } from '../fakes/issuer.ts'
import { databricksClaims } from '../fakes/workspace/authenticate.ts'
import { type Fields, objectOf, objectsOf, text } from '../fakes/workspace/call.ts'
import { askWorkspace, joinWorkspace } from '../fakes/workspace/member.ts'
import { foundationModel } from '../fakes/workspace/serving.ts'
import { startWorkspace } from '../fakes/workspace/start-workspace.ts'
import { startInProcess } from '../harness/app.ts'
import { startMlflow } from '../harness/mlflow-server.ts'
import { runDatabricksClient } from '../scenarios/databricks-python.ts'

// Serving endpoints of an honest workspace; the proxy is its member client-acc, and others work beside it.
const [mlflow, issuer] = await Promise.all([
  startMlflow({ version: '3.17.2' }),
  startIssuer(),
  ensurePythonEnvironments(['databricks'], (line) => t.comment(line)),
])
const workspace = await startWorkspace({ mlflow, issuer, storage: 'adls' })
const oid = (digit: number) => `00000000-0000-4000-8000-00000000000${digit}`
workspace.add({ objectId: oid(1), name: 'client-acc', groups: ['admins'] })
const outsider = await joinWorkspace(workspace, issuer, { objectId: oid(3), name: 'outsider', groups: ['admins'] })
const authority = await startAuthority(issuer, async () => {
  return { token: await issuer.token(databricksClaims({ objectId: oid(1), name: 'client-acc' }, tenantId)), seconds: 3_600 }
})
const app = await startInProcess(
  {
    upstream: {
      url: workspace.url,
      kind: 'databricks',
      credentials: { mode: 'servicePrincipal', clientId: 'client-acc', clientSecretFile: 'secret' },
    },
    databricksHost: { listen: { port: 0 } },
    authentication: { entra: { tenantId, audiences: [issuer.audience], authority: authority.url } },
    environments: {
      acc: {
        sharedServingEndpoints: [foundationModel],
        servingSecretScopes: ['acc-llm'],
        servingModels: { providers: ['openai'], schemas: ['system.ai'] },
        servingLimits: { modelUnits: 50 },
      },
      prod: { production: true, promotesFrom: ['acc'] },
    },
  },
  { files: { secret: 'x' } },
)
t.teardown(async () => {
  await app.close()
  await workspace.close()
  await Promise.all([authority.close(), mlflow.close(), issuer.close()])
})
const token = await issuer.token({ iss: `${authority.url}/${tenantId}/v2.0`, roles: ['apps_acc'] })
const host = app.databricksHost ?? ''
const ask = (method: string, path: string, fields: Fields = {}) => askWorkspace(app.url, method, path, fields, token)

/** Makes versions of a model in the workspace, past the proxy. */
async function register(name: string, versions: number): Promise<void> {
  await workspace.storage.write(`staged/${name}/MLmodel`, Buffer.from('flavors: {}'))
  const api = '/api/2.0/mlflow'
  await outsider.ask('POST', `${api}/registered-models/create`, { name })
  for (let made = 0; made < versions; made++) {
    await outsider.ask('POST', `${api}/model-versions/create`, { name, source: `dbfs:/staged/${name}` })
  }
  const last = { name, version: String(versions), stage: 'Production', archive_existing_versions: false }
  const moved = await outsider.ask('POST', `${api}/model-versions/transition-stage`, last)
  if (moved.code !== 'OK') throw new Error(moved.text)
}
await Promise.all([register('fraud_acc', 3), register('fraud_prod', 1), register('legacy', 1)])
const foreign = await outsider.ask('POST', '/api/2.0/serving-endpoints', {
  name: 'scorer_prod',
  config: { served_entities: [{ entity_name: 'fraud_prod', entity_version: '1' }] },
})
const env = { SHARED: foundationModel, FOREIGN_ID: text(foreign.fields, 'id') }

/** What the workspace was asked by the proxy that names what is not the caller's. */
const crossEnvironmentCases = () =>
  workspace
    .calls()
    .filter(
      ({ caller, path, body }) => caller?.name === 'client-acc' && /scorer_prod|fraud_prod|legacy\b|secrets/.test(path + body),
    )
const no = 'PERMISSION_DENIED'

t.test('the Databricks SDK serves what is its environment’s, and reaches nothing else', { timeout: 60_000 }, async (t) => {
  const [seen] = await runDatabricksClient({ environment: 'databricks', script: 'serving_client.py', host, token, env })
  const entity = ['fraud-1', 'fraud', '1']
  t.same(seen, {
    made: ['scorer', [entity], [['fraud-1', 100]]],
    got: ['scorer', [entity], [['fraud-1', 100]]],
    'by its qualified name': ['scorer', [entity], [['fraud-1', 100]]],
    creator: 'client-acc',
    answer: [{ served_entity: 'fraud-1' }],
    changed: [
      'scorer',
      [entity, ['new', 'fraud', '2']],
      [
        ['fraud-1', 40],
        ['new', 60],
      ],
    ],
    'as served models': ['scorer', [['fraud-2', 'fraud', '2']], [['fraud-2', 100]]],
    tags: [['tier', '1']],
    limits: 7,
    logs: '[fraud-2] Booting worker',
    metrics: 'request_count_total{endpoint_name="scorer_acc"} 1',
    permissions: ['CAN_MANAGE', 'CAN_QUERY', 'CAN_VIEW'],
    listed: [foundationModel, 'scorer'],
    shared: [foundationModel, 1],
    refused: {
      "make another's": no,
      "get another's": no,
      "query another's": no,
      "delete another's": no,
      "change another's": no,
      "permissions of another's": 'RESOURCE_DOES_NOT_EXIST',
      'give permissions': no,
      "serve another's model": no,
      "make with another's model": no,
      'serve a model of nobody': 'RESOURCE_DOES_NOT_EXIST',
      'serve what is in production': no,
      'serve an external model': no,
      'a secret of the workspace': no,
      'tag the shared': no,
      'delete the shared': no,
      'call any address': no,
    },
    deleted: 'RESOURCE_DOES_NOT_EXIST',
  })
  t.same(crossEnvironmentCases(), [], 'and the workspace received none of it')
})

t.test('mlflow.deployments does too, and receives a model’s words as they are streamed', { timeout: 60_000 }, async (t) => {
  const [seen] = await runDatabricksClient({ environment: '3.17.2', script: 'deployments_client.py', host, token, env })
  t.same(seen, {
    made: ['chat', 'fraud-1', 'fraud'],
    answer: { predictions: [{ served_entity: 'fraud-1' }] },
    chunks: ['one', 'two', 'three'],
    'first before last': true,
    changed: 'fraud-2',
    listed: ['chat', foundationModel],
    got: 'chat',
    refused: [no, no, no, 'RESOURCE_DOES_NOT_EXIST', no],
    deleted: 'RESOURCE_DOES_NOT_EXIST',
  })
  t.same(crossEnvironmentCases(), [])
})

t.test('a project is told that it does not run on Databricks, and where it does', { timeout: 60_000 }, async (t) => {
  const [seen] = await runDatabricksClient({ environment: '3.17.2', script: 'projects_client.py', host, token })
  t.match(seen, { said: /MLFLOW_TRACKING_URI to the http address of this proxy.*or run the project with the local backend/ })
  const job = { run_name: 'x', new_cluster: {}, shell_command_task: { command: ['bash', '-c', 'curl $DATABRICKS_HOST'] } }
  for (const [method, path] of [
    ['POST', '/api/2.0/jobs/runs/submit'],
    ['GET', '/api/2.0/jobs/runs/get'],
    ['POST', '/api/2.0/jobs/runs/cancel'],
    ['POST', '/dbfs/mlflow-experiments/1/projects-code/x.tar.gz'],
  ] as const) {
    for (const url of [app.url, host]) t.equal((await askWorkspace(url, method, path, job, token)).code, no, `${method} ${path}`)
  }
  t.same(
    workspace.calls().filter(({ caller, path }) => caller?.name === 'client-acc' && /jobs|dbfs/.test(path)),
    [],
    'the workspace receives no job and no file',
  )
})

/** Sends a query in pieces; `pieces` of a MiB where the body is long. */
async function query(name: string, body: Iterable<Buffer | string>, headers: Readonly<Record<string, string>> = {}) {
  const started = Date.now()
  const { hostname, port } = new URL(app.url)
  const path = `/serving-endpoints/${name}/invocations`
  const sent = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers }
  return new Promise<{ status: number; type: string; retryAfter: unknown; chunks: { text: string; at: number }[] }>(
    (resolve, reject) => {
      const call = request({ hostname, port, path, method: 'POST', headers: sent }, (response) => {
        const chunks: { text: string; at: number }[] = []
        response.on('data', (chunk) => chunks.push({ text: String(chunk), at: Date.now() - started }))
        const { 'content-type': type = '', 'retry-after': retryAfter } = response.headers
        response.on('end', () => resolve({ status: response.statusCode ?? 0, type, retryAfter, chunks }))
        response.on('error', reject)
      })
      call.on('error', reject)
      for (const piece of body) call.write(piece)
      call.end()
    },
  )
}

t.test('a query goes through as bytes, in both directions', async (t) => {
  const made = await ask('POST', '/api/2.0/serving-endpoints', {
    name: 'bytes',
    config: { served_entities: [{ entity_name: 'fraud', entity_version: '1' }] },
  })
  t.equal(made.status, 200, made.text)
  const streamed = await query('bytes', ['{"stre', 'am": true}'])
  t.equal(streamed.type, 'text/event-stream')
  t.ok(streamed.chunks.length >= 3, 'piece by piece')
  const [first, last] = [streamed.chunks[0]?.at ?? 0, streamed.chunks.at(-1)?.at ?? 0]
  t.ok(last - first > 700, `the first piece came ${last - first} ms before the last`)
  t.match(streamed.chunks.at(-1)?.text, /\[DONE\]/)
  const csv = await query('bytes', ['a,b\n1,2\n'], { 'content-type': 'application/octet-stream' })
  t.equal(csv.status, 200, 'whatever its type')
  const calls = workspace.calls().filter(({ path }) => path === '/serving-endpoints/bytes_acc/invocations')
  t.same(
    calls.map(({ body, headers }) => [body, headers['content-type'], headers.authorization === `Bearer ${token}`]),
    [
      ['{"stream": true}', 'application/json', false],
      ['a,b\n1,2\n', 'application/octet-stream', false],
    ],
  )
  const failed = await query('bytes', ['{"fail": true}'])
  t.equal(failed.status, 422, 'a model’s own failure is told in its own words')
  t.match(failed.chunks[0]?.text, /the input of fraud-1 does not fit/)
  const absent = await ask('POST', '/serving-endpoints/nothing/invocations')
  t.match(absent, { status: 404, code: 'RESOURCE_DOES_NOT_EXIST' })
  t.match(absent.fields.message, /'nothing'/, 'Databricks’ own in the caller’s names')
  t.equal((await ask('POST', '/serving-endpoints/bytes/invocations?name=scorer_prod')).status, 400)
})

t.test('clients of OpenAI name the endpoint in the body, and get its name as they know it', async (t) => {
  const config = { served_entities: [{ entity_name: 'fraud', entity_version: '1' }] }
  t.equal((await ask('POST', '/api/2.0/serving-endpoints', { name: 'talk', config })).status, 200)
  const messages = [{ role: 'user', content: 'about talk_prod' }]
  for (const path of ['chat/completions', 'completions', 'embeddings', 'responses', 'anthropic/v1/messages']) {
    for (const model of ['talk', 'talk_acc']) {
      const { status, fields } = await ask('POST', `/serving-endpoints/${path}`, { messages, model, seed: 1 })
      t.match({ status, fields }, { status: 200, fields: { model: 'talk' } }, path)
      const [choice] = objectsOf(fields.choices)
      t.equal(objectOf(choice?.message).content, 'I am "model": "talk_acc"', 'what a model says is left as it is')
      t.same(JSON.parse(workspace.calls().at(-1)?.body ?? ''), { messages, model: 'talk_acc', seed: 1 })
    }
    const shared = await ask('POST', `/serving-endpoints/${path}`, { model: foundationModel, messages })
    t.match(shared.fields, { model: foundationModel }, 'a shared one keeps its name')
    const before = workspace.calls().length
    for (const body of [
      { model: 'talk_prod' },
      { model: 'talk_prod_acc' },
      { model: ['talk'] },
      { model: '' },
      { model: null },
      { messages },
    ]) {
      const { status } = await ask('POST', `/serving-endpoints/${path}`, body)
      t.ok([400, 403].includes(status), `${path} ${JSON.stringify(body)}: ${status}`)
    }
    t.equal((await ask('POST', `/serving-endpoints/${path}?model=talk_prod`, { model: 'talk' })).status, 400)
    const heard = workspace.calls().slice(before)
    t.same(
      heard.map(({ path, body }) => path + body),
      [],
      'the workspace receives none of it',
    )
    t.match((await ask('POST', `/serving-endpoints/${path}`, { model: 'absent' })).fields.message, /'absent'/)
  }
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ model: 'talk', messages, stream: true })
  const response = await fetch(`${host}/serving-endpoints/chat/completions`, { method: 'POST', headers, body })
  const arrived: { text: string; at: number }[] = []
  for await (const chunk of response.body ?? []) arrived.push({ text: Buffer.from(chunk).toString(), at: Date.now() })
  const whole = arrived.map(({ text }) => text).join('')
  t.equal(whole.match(/"model":"talk"/g)?.length, 3, whole)
  t.notMatch(whole, /talk_acc/)
  t.ok((arrived.at(-1)?.at ?? 0) - (arrived[0]?.at ?? 0) > 300, 'event by event')
})

t.test('external and foundation models are served as the configuration opens them', async (t) => {
  const key = '{{secrets/acc-llm/openai}}'
  const external = (config: Fields) => ({
    config: {
      served_entities: [{ external_model: { name: 'gpt-4.1', provider: 'openai', task: 'llm/v1/chat', openai_config: config } }],
    },
  })
  const made = await ask('POST', '/api/2.0/serving-endpoints', { name: 'gpt', ...external({ openai_api_key: key }) })
  const [entity] = objectsOf(objectOf(made.fields.config).served_entities)
  t.match(entity, { name: 'gpt-4-1', external_model: { openai_config: { openai_api_key: key } } }, made.text)
  t.match((await ask('POST', '/serving-endpoints/chat/completions', { model: 'gpt' })).fields, { model: 'gpt' })
  const units = { entity_name: 'system.ai.llama_v3', provisioned_model_units: 50, burst_scaling_enabled: false }
  const llama = { name: 'llama', config: { served_entities: [units] } }
  t.match(await ask('POST', '/api/2.0/serving-endpoints/pt', llama), { status: 200, fields: { name: 'llama' } })
  t.match((await ask('PUT', '/api/2.0/serving-endpoints/pt/llama/config', { config: llama.config })).fields, {
    config: { served_entities: [{ name: 'llama_v3', entity_name: 'system.ai.llama_v3' }], config_version: 2 },
  })
  const before = workspace.calls().length
  const prod = await issuer.token({ iss: `${authority.url}/${tenantId}/v2.0`, roles: ['apps_prod'] })
  for (const [method, path, fields, said] of [
    ['POST', '', { name: 'x', ...external({ openai_api_key: '{{secrets/prod-llm/x}}' }) }, /servingSecretScopes/],
    ['POST', '', { name: 'x', ...external({ openai_api_key_plaintext: 'sk-1' }) }, /never send a secret in a request/],
    [
      'POST',
      '/pt',
      { name: 'x', config: { served_entities: [{ ...units, provisioned_model_units: 51 }] } },
      /servingLimits.modelUnits/,
    ],
    ['PUT', '/llama_prod/config', { served_entities: [units] }, /belongs to another environment/],
  ] as const)
    t.match(await ask(method, `/api/2.0/serving-endpoints${path}`, fields), { code: no, fields: { message: said } })
  const closed = await askWorkspace(app.url, 'POST', '/api/2.0/serving-endpoints/pt', llama, prod)
  t.match(closed, { code: no, fields: { message: /environment 'prod'.*servingModels\.schemas/ } })
  t.equal(workspace.calls().length, before)
})

t.test('a query is sent on while it is written, and never sent twice', async (t) => {
  const fake = await startFakeUpstream()
  const passing = await startInProcess({
    upstream: { url: fake.url, kind: 'databricks', credentials: { mode: 'passthrough' } },
    authentication: { entra: { tenantId, audiences: [issuer.audience], authority: authority.url } },
    environments: ['acc'],
  })
  t.teardown(async () => {
    await passing.close()
    await fake.close()
  })
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const first = new Promise<string>((resolve) => {
    fake.answer = (incoming, response) => {
      incoming.once('data', (chunk) => resolve(String(chunk)))
      incoming.once('end', () => response.end('{"predictions": []}'))
    }
  })
  const call = request(`${passing.url}/serving-endpoints/live/invocations`, { method: 'POST', headers })
  call.write('{"inputs": ')
  t.equal(await first, '{"inputs": ', 'the first piece arrives before the last is written')
  const answered = once(call, 'response')
  call.end('[1]}')
  const [response] = await answered
  t.equal(response.statusCode, 200)
  response.resume()
  const before = fake.received.length
  fake.answer = (incoming) => void incoming.resume().once('end', () => incoming.socket.destroy())
  const broken = await askWorkspace(passing.url, 'POST', '/serving-endpoints/live/invocations', { inputs: [1] }, token)
  t.match(broken, { status: 409, code: 'BAD_REQUEST' }, 'no client sends it again by itself')
  t.equal(fake.received.length, before + 1)
})

t.test('a body over 16 MiB is refused, announced or not', async (t) => {
  const mib = Buffer.alloc(1 << 20, 'x')
  const before = workspace.calls().length
  const announced = await ask('POST', '/serving-endpoints/bytes/invocations', { x: 'x'.repeat(17 << 20) })
  t.match(announced, { status: 413, code: 'BAD_REQUEST' })
  const chunked = await query(
    'bytes',
    Array.from({ length: 17 }, () => mib),
  )
  t.equal(chunked.status, 413, chunked.chunks[0]?.text ?? '')
  await sleep(100)
  t.equal(workspace.calls().length, before, 'nothing of it is a query')
  const most = await query(
    'bytes',
    Array.from({ length: 16 }, () => mib),
    { 'content-type': 'application/octet-stream' },
  )
  t.equal(most.status, 200)
})

t.test('a foundation model’s limits are Databricks’ own', async (t) => {
  workspace.setRates({ foundationModels: 0 })
  t.teardown(() => workspace.setRates({}))
  const busy = await query(foundationModel, ['{"prompt": "x"}'])
  t.match(busy, { status: 429, retryAfter: '1' })
  t.match(busy.chunks[0]?.text, /REQUEST_LIMIT_EXCEEDED.*Rate limit of 0 requests/)
  workspace.setRates({})
  const prod = await issuer.token({ iss: `${authority.url}/${tenantId}/v2.0`, roles: ['apps_prod'] })
  const other = await askWorkspace(app.url, 'POST', `/serving-endpoints/${foundationModel}/invocations`, {}, prod)
  t.match(other, { status: 404, code: 'RESOURCE_DOES_NOT_EXIST' }, 'where it is not shared, its name is one of their own')
})

t.test('a list of a whole workspace shows what is the caller’s, with what was made past the proxy', async (t) => {
  const mixed = { served_entities: [{ entity_name: 'fraud_prod', entity_version: '1' }] }
  t.equal((await outsider.ask('POST', '/api/2.0/serving-endpoints', { name: 'mixed_acc', config: mixed })).status, 200)
  const byName = { served_entities: [{ entity_name: 'fraud_acc', entity_version: '1' }] }
  t.equal((await outsider.ask('POST', '/api/2.0/serving-endpoints', { name: 'plain_acc', config: byName })).status, 200)
  const listed = objectsOf((await ask('GET', '/api/2.0/serving-endpoints')).fields.endpoints)
  const served = (name: string) =>
    objectsOf(objectOf(listed.find((endpoint) => endpoint.name === name)?.config).served_entities).map(
      ({ name, entity_name }) => [name, entity_name],
    )
  t.same(listed.map(({ name }) => name).sort(), ['bytes', foundationModel, 'gpt', 'llama', 'mixed', 'plain', 'talk'].sort())
  t.same(served('mixed'), [], 'what another environment’s model is called')
  t.same(served('plain'), [['fraud_acc-1', 'fraud']])
  const line = app
    .logs()
    .split('\n')
    .find((each) => each.includes('"queryServingEndpoint"') && each.includes('"scorer_acc"'))
  t.match(JSON.parse(line ?? '{}'), { decision: 'allow' })
  const refusal = app
    .logs()
    .split('\n')
    .find((each) => each.includes('"createServingEndpoint"') && each.includes('"fraud_prod"'))
  t.match(
    JSON.parse(refusal ?? '{}'),
    { decision: 'deny', reason: 'foreign-name' },
    'the audit names the model that was asked for',
  )
})
