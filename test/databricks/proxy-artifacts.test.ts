import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { startIssuer } from '../fakes/issuer.ts'
import { type Fields, objectOf, text } from '../fakes/workspace/call.ts'
import { askWorkspace } from '../fakes/workspace/member.ts'
import { startPassthrough } from '../fakes/workspace/passthrough.ts'
import { startMlflow } from '../harness/mlflow-server.ts'
import { runPythonClient } from '../scenarios/python-client.ts'

// A real MLflow behind an honest workspace with real Azure storage. Callers show the proxy the tokens that the workspace takes.
const [mlflow, issuer] = await Promise.all([startMlflow({ version: '3.17.2' }), startIssuer()])
const { workspace, app, tokenOf, close } = await startPassthrough(
  { mlflow, issuer, storage: 'blob' },
  {
    environments: {
      acc: { sourcePrefixes: ['dbfs:/models/acc/'] },
      preprod: {},
      prod: { production: true, promotesFrom: ['acc'] },
    },
  },
)
t.teardown(async () => {
  await close()
  await Promise.all([mlflow.close(), issuer.close()])
})
const names = ['acc', 'preprod', 'prod']
const tokens = Object.fromEntries(
  await Promise.all(names.map(async (name, index) => [name, await tokenOf(name, index)] as const)),
)
const store = '/api/2.0/mlflow-artifacts/artifacts'

/** One request of an environment's caller, to the proxy. */
async function send(environment: string, method: string, path: string, init: RequestInit & { duplex?: 'half' } = {}) {
  const authorization = `Bearer ${tokens[environment]}`
  const response = await fetch(`${app.url}${path}`, { method, ...init, headers: { ...init.headers, authorization } })
  const bytes = Buffer.from(await response.arrayBuffer())
  const fields: Fields = /json/.test(response.headers.get('content-type') ?? '') ? objectOf(JSON.parse(bytes.toString())) : {}
  return { status: response.status, headers: response.headers, bytes, fields, code: String(fields.error_code ?? response.status) }
}

async function call(environment: string, method: string, path: string, fields: Fields): Promise<Fields> {
  const given = await askWorkspace(app.url, method, `/api/2.0/mlflow${path}`, fields, tokens[environment] ?? null)
  if (given.status !== 200) throw new Error(`${method} ${path}: ${given.text}`)
  return given.fields
}

async function waitFor(condition: () => boolean) {
  for (let i = 0; i < 100; i++) {
    if (condition()) return
    await sleep(20)
  }
  throw new Error('it never happened')
}

/** A run in the default experiment; where its artifacts lie in the store. */
async function makeRun(environment: string) {
  const { run } = await call(environment, 'POST', '/runs/create', { experiment_id: '0' })
  const info = objectOf(objectOf(run).info)
  const [id, uri] = [text(info, 'run_id'), text(info, 'artifact_uri')]
  return { id, uri, path: uri.replace('mlflow-artifacts:', '') }
}

const list = (environment: string, path: string) =>
  send(environment, 'GET', `${store}?${new URLSearchParams({ path: path.replace(/^\//, '') })}`)

t.test('Bytes come back as they went, whole and in parts', async (t) => {
  const run = await makeRun('acc')
  t.match(run.uri, /^mlflow-artifacts:\/\d+\/[0-9a-f]{32}\/artifacts$/)
  const long = randomBytes(9_000_001)
  const file = `${store}${run.path}/deep/größe%20%E2%98%83.bin`
  t.match(await send('acc', 'PUT', file, { body: long }), { status: 200, fields: {} })
  t.ok((await send('acc', 'GET', file)).bytes.equals(long))
  const part = await send('acc', 'GET', file, { headers: { range: 'bytes=8999990-' } })
  t.equal(part.status, 206)
  t.equal(part.headers.get('content-range'), 'bytes 8999990-9000000/9000001')
  t.ok(part.bytes.equals(long.subarray(8_999_990)))
  const head = await send('acc', 'HEAD', file)
  t.match([head.status, head.headers.get('content-length')], [200, '9000001'])
  const chunks = new ReadableStream({
    start(controller) {
      for (const chunk of ['one ', 'two']) controller.enqueue(Buffer.from(chunk))
      controller.close()
    },
  })
  t.equal((await send('acc', 'PUT', `${store}${run.path}/chunked`, { body: chunks, duplex: 'half' })).status, 200)
  t.equal((await send('acc', 'GET', `${store}${run.path}/chunked`)).bytes.toString(), 'one two')
  t.equal((await send('acc', 'PUT', `${store}${run.path}/empty`, { body: '' })).status, 200)
  t.equal((await send('acc', 'GET', `${store}${run.path}/empty`)).headers.get('content-length'), '0')
  t.same((await list('acc', run.path)).fields, {
    files: [
      { path: 'chunked', is_dir: false, file_size: 7 },
      { path: 'deep', is_dir: true },
      { path: 'empty', is_dir: false, file_size: 0 },
    ],
  })
  t.same((await list('acc', run.path.replace(/^\/\d+/, '/0'))).code, '200', 'experiment 0 is the own default')
  t.equal((await send('acc', 'GET', `${store}${run.path}/none`)).code, 'RESOURCE_DOES_NOT_EXIST')
  t.equal((await send('acc', 'DELETE', `${store}${run.path}/empty`)).code, 'PERMISSION_DENIED', 'Databricks deletes runs only')
  const parts = await send('acc', 'POST', `/api/2.0/mlflow-artifacts/mpu/create${run.path}`, {
    body: JSON.stringify({ path: `${run.path.slice(1)}/x`, num_parts: 2 }),
    headers: { 'content-type': 'application/json' },
  })
  t.match(parts, { status: 501, code: 'NOT_IMPLEMENTED' }, 'clients go on without')
})

t.test('Artifacts of other environments, and what is nobody’s, are as good as absent', async (t) => {
  const [mine, other] = [await makeRun('preprod'), await makeRun('acc')]
  await send('acc', 'PUT', `${store}${other.path}/secret`, { body: 'secret' })
  const experiment = mine.path.split('/')[1]
  const before = workspace.calls().length
  const absent = [
    `${other.path}/secret`,
    `/${experiment}/${other.id}/artifacts/secret`,
    `${other.path}/secret`.replace('/artifacts/', '/artifacts%252f'),
    `/${experiment}/models/m-${other.id}/artifacts/secret`,
    `/${experiment}/traces/tr-${other.id}/artifacts/secret`,
    `/${experiment}/${mine.id}`,
    `/dbfs/models/acc/secret`,
    `/dbfs/databricks/mlflow-tracking${other.path}/secret`,
    `/databricks/mlflow-tracking${other.path}/secret`,
    `/elsewhere/dbfs~3A~2Fx`,
    '/registry/fraud/99',
    '/registry/none/1/MLmodel',
  ]
  for (const path of absent) {
    for (const [method, init] of [
      ['GET', {}],
      ['PUT', { body: 'x' }],
      ['DELETE', {}],
    ] as const) {
      const readOnly = method !== 'GET' && path.startsWith('/registry/')
      const given = await send('preprod', method, `${store}${path}`, init)
      t.equal(given.code, readOnly ? 'PERMISSION_DENIED' : 'RESOURCE_DOES_NOT_EXIST', `${method} ${path}`)
    }
    t.equal((await list('preprod', decodeURIComponent(path))).code, 'RESOURCE_DOES_NOT_EXIST', `list ${path}`)
  }
  t.equal((await send('preprod', 'GET', store)).code, 'PERMISSION_DENIED', 'the root')
  const later = workspace.calls().slice(before)
  const asked = later.map(({ method, path }) => `${method} ${path}`)
  t.same(
    asked.filter((call) => /credentials|dbfs|list|signed/.test(call)),
    [],
    'none of it was asked for',
  )
})

t.test('Registered versions are read by those who may, from the registry’s own copy', async (t) => {
  const run = await makeRun('acc')
  await send('acc', 'PUT', `${store}${run.path}/model/MLmodel`, { body: 'flavors: {}' })
  await call('acc', 'POST', '/registered-models/create', { name: 'fraud b' })
  const source = `${run.uri}/model`
  const made = await call('acc', 'POST', '/model-versions/create', { name: 'fraud b', source, run_id: run.id })
  t.match(objectOf(made.model_version), { name: 'fraud b', source })
  t.match(
    workspace.calls().findLast(({ path }) => path.endsWith('/model-versions/create'))?.body,
    /"source":"dbfs:\/databricks\//,
  )
  const uriFor = async (environment: string, name: string) =>
    text(await call(environment, 'GET', '/model-versions/get-download-uri', { name, version: '1' }), 'artifact_uri')
  t.equal(await uriFor('acc', 'fraud b'), 'mlflow-artifacts:/registry/fraud~20b/1')
  t.equal(await uriFor('prod', 'fraud b_acc'), 'mlflow-artifacts:/registry/fraud~20b_acc/1')
  const read = async (environment: string, model: string) => {
    const { code, bytes } = await send(environment, 'GET', `${store}/registry/${model}/1/MLmodel`)
    return code === '200' ? bytes.toString() : code
  }
  for (let i = 0; i < 100 && (await read('acc', 'fraud~20b')) !== 'flavors: {}'; i++) await sleep(50)
  t.equal(await read('acc', 'fraud~20b'), 'flavors: {}')
  t.equal(await read('acc', 'fraud~20b_acc'), 'flavors: {}')
  t.equal(await read('prod', 'fraud~20b_acc'), 'flavors: {}')
  t.equal(await read('prod', 'fraud~20b'), 'RESOURCE_DOES_NOT_EXIST')
  t.equal(await read('preprod', 'fraud~20b_acc'), 'PERMISSION_DENIED')
  t.equal(await read('acc', 'fraud b'.replace(' ', '%20')), 'RESOURCE_DOES_NOT_EXIST', 'names have one spelling')
  t.same((await list('prod', '/registry/fraud~20b_acc/1')).fields, { files: [{ path: 'MLmodel', is_dir: false, file_size: 11 }] })
  t.equal((await send('prod', 'GET', `${store}${run.path}/model/MLmodel`)).bytes.toString(), 'flavors: {}', 'what is promoted')
  t.equal((await send('prod', 'PUT', `${store}${run.path}/model/MLmodel`, { body: 'x' })).code, 'RESOURCE_DOES_NOT_EXIST')
  const stage = { name: 'fraud b_acc', version: '1', stage: 'Production', archive_existing_versions: false }
  await call('prod', 'POST', '/model-versions/transition-stage', stage)
  t.equal(await read('acc', 'fraud~20b'), 'PERMISSION_DENIED', 'in Production')
  t.equal(await read('prod', 'fraud~20b_acc'), 'flavors: {}')
})

t.test('Plain files of DBFS are those of the environment’s prefixes', async (t) => {
  const file = `${store}/dbfs/models/acc/deep/a%20file`
  t.equal((await send('acc', 'PUT', file, { body: 'bytes' })).status, 200)
  t.equal((await send('acc', 'GET', file)).bytes.toString(), 'bytes')
  t.same((await list('acc', '/dbfs/models/acc')).fields, { files: [{ path: 'deep', is_dir: true }] })
  t.equal((await list('acc', '/dbfs/models')).code, 'RESOURCE_DOES_NOT_EXIST')
  t.equal((await send('acc', 'DELETE', `${store}/dbfs/models/acc`)).code, 'RESOURCE_DOES_NOT_EXIST', 'not the prefix itself')
  t.equal((await send('preprod', 'GET', file)).code, 'RESOURCE_DOES_NOT_EXIST')
  await call('acc', 'POST', '/registered-models/create', { name: 'plain' })
  const version = { name: 'plain', source: 'mlflow-artifacts:/dbfs/models/acc/deep' }
  t.match(objectOf((await call('acc', 'POST', '/model-versions/create', version)).model_version), version)
  const foreign = await askWorkspace(app.url, 'POST', '/api/2.0/mlflow/model-versions/create', version, tokens.preprod ?? null)
  t.equal(foreign.code, 'PERMISSION_DENIED')
  t.equal((await send('acc', 'DELETE', file)).status, 200)
  t.equal((await send('acc', 'GET', file)).code, 'RESOURCE_DOES_NOT_EXIST')
})

t.test('A download that breaks off does not look whole', async (t) => {
  await workspace.storage.write('models/acc/long', randomBytes(12_000_000))
  const authorization = `Bearer ${tokens.acc}`
  const response = await fetch(`${app.url}${store}/dbfs/models/acc/long`, { headers: { authorization } })
  t.equal(response.headers.get('content-length'), '12000000')
  await workspace.storage.remove('models/acc/long')
  await t.rejects(response.arrayBuffer())
  await t.resolves(waitFor(() => app.logs().includes('"upstream-broke"')))
})

t.test('What the workspace refuses is said in the caller’s words, and a signed URL never', async (t) => {
  const run = await makeRun('acc')
  workspace.setRates({ tracking: 0 })
  const busy = await send('acc', 'PUT', `${store}${run.path}/x`, { body: randomBytes(100_000) })
  workspace.setRates({})
  t.match([busy.status, busy.headers.get('retry-after')], [429, '1'])
  t.match(app.logs(), /"artifact"/)
  t.notMatch(app.logs(), /sig=|se=20|eyJ/)
})

t.test('What one logged and registered model costs the workspace', { timeout: 60_000 }, async (t) => {
  const token = tokens.preprod ?? ''
  const client = await runPythonClient({ version: '3.17.2', script: 'log_model.py', uri: app.url, token, timeoutSeconds: 50 })
  t.ok(client.completed, client.output)
  const calls = workspace.calls().filter(({ caller }) => caller?.name === 'preprod')
  const at = (mark: string) => calls.findIndex(({ search }) => search === `?name=${mark}_preprod`)
  const cost = calls
    .slice(at('begin-2') + 1, at('end-2'))
    .map(({ method, path }) => `${method} ${path.slice('/api/2.0/mlflow/'.length).replace(/m-[0-9a-f]{32}/, 'm')}`)
    // An experiment's name is remembered for a second alone; and how often a client looks whether its version is ready is its own affair.
    .filter((call) => !['GET experiments/get', 'GET model-versions/get'].includes(call))
  t.same(cost, [
    'GET runs/get',
    'POST logged-models',
    'POST runs/outputs',
    'GET runs/get',
    'GET logged-models/m',
    ...Array(5).fill('POST logged-models/m/artifacts/credentials-for-upload'),
    'PATCH logged-models/m',
    'POST registered-models/create',
    'POST model-versions/create',
    // The proxy's own: the stage, and the note that it is there.
    'POST model-versions/transition-stage',
    'DELETE model-versions/delete-tag',
    'GET logged-models/m',
    'GET logged-models/m',
    'PATCH logged-models/m/tags',
  ])
})
