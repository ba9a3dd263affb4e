import { randomBytes } from 'node:crypto'
import t from 'tap'
import { startIssuer } from '../fakes/issuer.ts'
import { type Fields, objectOf, objectsOf, text } from '../fakes/workspace/call.ts'
import { askWorkspace } from '../fakes/workspace/member.ts'
import { startPassthrough } from '../fakes/workspace/passthrough.ts'
import type { Workspace } from '../fakes/workspace/start-workspace.ts'
import { startMlflow } from '../harness/mlflow-server.ts'
import { runDatabricksClient } from '../scenarios/databricks-python.ts'

// Two workspaces before one MLflow: their models are in Unity Catalog, and their files in real blobs and in a data lake.
const [mlflow, issuer] = await Promise.all([startMlflow({ version: '3.17.2' }), startIssuer()])
const environments = {
  acc: { unityCatalogSchema: 'acc.ml' },
  preprod: { unityCatalogSchema: 'preprod.ml' },
  prod: { unityCatalogSchema: 'prod.ml', production: true, promotesFrom: ['acc'] },
}

async function open(storage: 'blob' | 'adls', names: readonly string[], unityCatalog: true | 'defaultStorage' = true) {
  const place = await startPassthrough(
    { mlflow, issuer, storage, unityCatalog },
    { upstream: { registry: 'unityCatalog' }, databricksHost: { listen: { port: 0 } }, environments },
  )
  const tokens = new Map<string, string>()
  for (const [index, name] of names.entries()) tokens.set(name, await place.tokenOf(name, index))
  return { ...place, tokens }
}

const everybody = ['acc', 'preprod', 'prod']
const [blobs, lake] = await Promise.all([open('blob', everybody), open('adls', everybody)])
t.teardown(async () => {
  await Promise.all([blobs, lake].map(({ close }) => close()))
  await Promise.all([mlflow.close(), issuer.close()])
})
type Place = typeof blobs

async function ask({ app, tokens }: Place, environment: string, method: string, path: string, fields: Fields = {}) {
  return askWorkspace(
    app.url,
    method,
    path.startsWith('/api') ? path : `/api/2.0/mlflow${path}`,
    fields,
    tokens.get(environment) ?? null,
  )
}

async function done(place: Place, environment: string, method: string, path: string, fields: Fields = {}) {
  const given = await ask(place, environment, method, path, fields)
  if (given.status !== 200) throw new Error(`${method} ${path}: ${given.text}`)
  return given.fields
}

const model = 'flavors: {}\nsignature:\n  inputs: \'[{"type": "double"}]\'\n  outputs: \'[{"type": "double"}]\'\n'

async function put({ app, tokens }: Place, environment: string, path: string, body: string | Uint8Array) {
  const headers = { authorization: `Bearer ${tokens.get(environment)}` }
  const bytes = typeof body === 'string' ? body : new Uint8Array(body)
  return (await fetch(`${app.url}/api/2.0/mlflow-artifacts/artifacts${path}`, { method: 'PUT', headers, body: bytes })).status
}

async function fetched({ app, tokens }: Place, environment: string, path: string) {
  const headers = { authorization: `Bearer ${tokens.get(environment)}` }
  const response = await fetch(`${app.url}/api/2.0/mlflow-artifacts/artifacts${path}`, { headers })
  return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()) }
}

/** A run with a model of two files in it. */
async function makeRun(
  place: Place,
  environment: string,
  files: Readonly<Record<string, string | Uint8Array>> = { MLmodel: model },
) {
  const info = objectOf(objectOf((await done(place, environment, 'POST', '/runs/create', { experiment_id: '0' })).run).info)
  const [id, uri] = [text(info, 'run_id'), text(info, 'artifact_uri')]
  for (const [name, bytes] of Object.entries(files)) {
    t.equal(await put(place, environment, `${uri.replace('mlflow-artifacts:', '')}/model/${name}`, bytes), 200)
  }
  return { id, source: `${uri}/model` }
}

const versionsOf = ({ workspace }: { workspace: Workspace }) =>
  workspace.calls().filter(({ path }) => /\/unity-catalog\/model-versions\/(create|delete)$/.test(path))

const scenario = ({ app, tokens }: Place, version: string) =>
  runDatabricksClient({
    environment: version,
    script: 'unity_catalog_http.py',
    env: {
      STORY: `story${version.replaceAll('.', '')}`,
      MLFLOW_TRACKING_URI: app.url,
      MLFLOW_TRACKING_TOKEN: tokens.get('acc') ?? '',
      MLFLOW_MULTIPART_DOWNLOAD_MINIMUM_FILE_SIZE: '4000000',
      MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE: '2000000',
    },
  })

t.test('a client that knows the proxy alone works with a registry in Unity Catalog', async (t) => {
  for (const [place, version] of [
    [blobs, '2.22.4'],
    [lake, '3.17.2'],
  ] as const) {
    const [seen = {}] = await scenario(place, version)
    const name = `story${version.replaceAll('.', '')}`
    t.match(
      seen,
      {
        registry: true,
        version: [name, '1', 'READY', 'None', true],
        aliases: ['staging'],
        tags: { team: 'a' },
        source: true,
        'by alias': '1',
        'same bytes': [true, true],
        'no signature': ['INVALID_PARAMETER_VALUE', /signature/],
        'no model': ['INVALID_PARAMETER_VALUE', /MLmodel/],
        copied: ['2', 'READY', '2'],
        'copied bytes': true,
        model: [name, 'a model', { owner: 'me' }, { staging: '2', champion: '1' }],
        tagged: ['1'],
        'of run': ['1', '2'],
        production: ['PERMISSION_DENIED', /reserved for production/],
        foreign: ['PERMISSION_DENIED', /belongs to another environment/],
        'foreign source': ['PERMISSION_DENIED', /belongs to another environment/],
        stage: ['PERMISSION_DENIED', /set an alias/],
        latest: ['PERMISSION_DENIED', /set an alias/],
        left: ['2'],
        renamed: `${name}-renamed`,
      },
      `${version}: ${JSON.stringify(seen)}`,
    )
    t.strictSame(seen.versions, [
      [name, '2', ['staging'], 'copied', {}],
      [name, '1', ['champion'], 'the first', { checked: 'yes', team: 'a' }],
    ])
    t.strictSame([seen.models, seen.like], [[name], [name]])
    t.notOk(
      Object.keys(objectOf(seen.tags)).some((key) => key.includes('proxy')),
      'the proxy’s note is not seen',
    )
    const created = versionsOf(place)
    t.equal(created.filter(({ path }) => path.endsWith('create')).length, 2, 'what was refused made no version')
  }
})

t.test('a production environment promotes by copying and by its alias, and others never touch what it has', async (t) => {
  const bytes = randomBytes(5_000_000)
  const run = await makeRun(lake, 'acc', { MLmodel: model, 'weights.bin': bytes })
  await done(lake, 'acc', 'POST', '/registered-models/create', { name: 'fraud' })
  await done(lake, 'acc', 'POST', '/model-versions/create', { name: 'fraud', source: run.source, run_id: run.id })
  await done(lake, 'prod', 'POST', '/registered-models/create', { name: 'fraud' })
  const made = await done(lake, 'prod', 'POST', '/model-versions/create', { name: 'fraud', source: 'models:/acc.ml.fraud/1' })
  t.match(objectOf(made.model_version), {
    name: 'fraud',
    version: '1',
    aliases: ['production'],
    source: 'models:/acc.ml.fraud/1',
  })
  t.ok((await fetched(lake, 'prod', '/registry/fraud/1/weights.bin')).bytes.equals(bytes))
  t.ok((await fetched(lake, 'prod', '/registry/acc.ml.fraud/1/weights.bin')).bytes.equals(bytes), 'and acc’s own')
  t.ok((await fetched(lake, 'acc', '/registry/acc.ml.fraud/1/weights.bin')).bytes.equals(bytes))
  t.equal((await fetched(lake, 'preprod', '/registry/acc.ml.fraud/1/weights.bin')).status, 403)
  const before = lake.workspace.calls().length
  const foreign: readonly (readonly [string, string, string, Fields])[] = [
    ['acc', 'GET', '/registered-models/get', { name: 'prod.ml.fraud' }],
    ['acc', 'GET', '/registered-models/get', { name: 'PROD.ml.fraud' }],
    ['acc', 'GET', '/model-versions/get', { name: 'prod.ml.fraud', version: '1' }],
    ['acc', 'POST', '/registered-models/alias', { name: 'prod.ml.fraud', alias: 'x', version: '1' }],
    ['acc', 'POST', '/model-versions/create', { name: 'fraud', source: 'models:/prod.ml.fraud/1' }],
    ['acc', 'POST', '/registered-models/create', { name: 'prod.ml.mine' }],
    ['acc', 'POST', '/registered-models/rename', { name: 'fraud', new_name: 'prod.ml.mine' }],
    ['preprod', 'GET', '/model-versions/get-download-uri', { name: 'acc.ml.fraud', version: '1' }],
    ['prod', 'POST', '/registered-models/set-tag', { name: 'acc.ml.fraud', key: 'a', value: 'b' }],
    ['prod', 'POST', '/model-versions/create', { name: 'acc.ml.fraud', source: 'models:/fraud/1' }],
  ]
  for (const [environment, method, path, fields] of foreign) {
    t.equal(
      (await ask(lake, environment, method, path, fields)).code,
      'PERMISSION_DENIED',
      `${environment} ${path} ${fields.name}`,
    )
  }
  for (const name of ['legacy.ml.fraud', 'ml.fraud', 'a b']) {
    t.equal((await ask(lake, 'acc', 'GET', '/registered-models/get', { name })).code, 'INVALID_PARAMETER_VALUE', name)
  }
  const asked = lake.workspace.calls().slice(before)
  t.same(
    asked.filter(({ path }) => path.includes('unity-catalog')),
    [],
    'none of it was asked for',
  )

  await done(lake, 'prod', 'POST', '/registered-models/alias', { name: 'acc.ml.fraud', alias: 'production', version: '1' })
  const id = { name: 'fraud', version: '1' }
  const kept: readonly (readonly [string, string, Fields])[] = [
    ['PATCH', '/model-versions/update', { ...id, description: 'x' }],
    ['DELETE', '/model-versions/delete', id],
    ['DELETE', '/registered-models/delete', { name: 'fraud' }],
    ['POST', '/registered-models/alias', { ...id, alias: 'mine' }],
    ['DELETE', '/registered-models/alias', { name: 'fraud', alias: 'staging' }],
    ['DELETE', '/registered-models/alias', { name: 'fraud', alias: 'Production' }],
    ['POST', '/model-versions/create', { name: 'fraud', source: 'models:/fraud/1' }],
    ['GET', '/model-versions/get', id],
    ['GET', '/registered-models/alias', { name: 'fraud', alias: 'staging' }],
  ]
  const earlier = lake.workspace.calls().length
  for (const [method, path, fields] of kept) {
    t.equal((await ask(lake, 'acc', method, path, fields)).code, 'PERMISSION_DENIED', `${method} ${path}`)
  }
  t.equal((await fetched(lake, 'acc', '/registry/fraud/1/MLmodel')).status, 403)
  const found = await done(lake, 'acc', 'GET', '/model-versions/search', { filter: "name='fraud'" })
  t.same(objectsOf(found.model_versions), [], 'nor is it found')
  const [first, own] = [
    '/api/2.0/mlflow/unity-catalog/model-versions/search',
    '/api/2.1/unity-catalog/models/acc.ml.fraud/versions',
  ]
  const searches: readonly (readonly [string, string, Fields])[] = [
    ['acc', first, { filter: "name='fraud'" }],
    ['acc', own, {}],
    ['prod', first, { filter: "name='acc.ml.fraud'" }],
    ['prod', own, {}],
  ]
  const counts = searches.map(async ([environment, path, fields]) => {
    return objectsOf((await done(lake, environment, 'GET', path, fields)).model_versions).length
  })
  t.same(
    await Promise.all(counts),
    [0, 0, 1, 1],
    'nor by the APIs of the catalog, whose rows have no aliases; who manages it finds it',
  )
  t.same(
    lake.workspace
      .calls()
      .slice(earlier)
      .filter(({ method }) => method !== 'GET'),
    [],
    'nothing was changed',
  )
  const promoted = await done(lake, 'prod', 'GET', '/model-versions/get', { name: 'acc.ml.fraud', version: '1' })
  t.match(objectOf(promoted.model_version), { name: 'acc.ml.fraud', aliases: ['staging', 'production'] })
})

t.test('a version whose files cannot be brought is taken away, and one without its alias gets it at the next look', async (t) => {
  const run = await makeRun(blobs, 'acc', { MLmodel: model, 'weights.bin': 'w' })
  await done(blobs, 'acc', 'POST', '/registered-models/create', { name: 'broken' })
  const register = () =>
    ask(blobs, 'acc', 'POST', '/model-versions/create', { name: 'broken', source: run.source, run_id: run.id })
  const fail = (pattern: RegExp | null) => blobs.workspace.fail(pattern)
  fail(/generate-temporary-credentials$/)
  const failed = await register()
  fail(null)
  t.equal(failed.code, 'TEMPORARILY_UNAVAILABLE', failed.text)
  const left = () => done(blobs, 'acc', 'GET', '/model-versions/search', { filter: "name='broken'" })
  t.same(objectsOf((await left()).model_versions), [], 'taken away')
  fail(/unity-catalog\/(model-versions\/delete|model-versions\/finalize)$/)
  const stuck = await register()
  fail(null)
  t.match([stuck.status, stuck.text], [409, /version 2 of model 'broken' could not be stored.*Delete it/])
  await done(blobs, 'acc', 'DELETE', '/model-versions/delete', { name: 'broken', version: '2' })
  fail(/registered-models\/alias$/)
  const unnamed = await register()
  fail(null)
  t.match([unnamed.status, unnamed.text], [409, /Version 3 of model 'broken' was registered, but the alias 'staging'/])
  const got = await done(blobs, 'acc', 'GET', '/model-versions/get', { name: 'broken', version: '3' })
  t.match(objectOf(got.model_version), { aliases: ['staging'], status: 'READY' }, 'finished by looking')
  t.notMatch(JSON.stringify(got), /proxy/)
  t.equal(
    (
      await ask(blobs, 'acc', 'POST', '/model-versions/set-tag', {
        name: 'broken',
        version: '3',
        key: 'mlflow_env_proxy_pending_alias',
        value: 'production',
      })
    ).code,
    'INVALID_PARAMETER_VALUE',
  )
})

t.test('clients that know Unity Catalog register by the proxy, and bring the files through it', async (t) => {
  for (const [place, version, name] of [
    [blobs, '2.22.4', 'hybrid'],
    [lake, '3.17.2', 'acc.ml.hybrid'],
  ] as const) {
    const token = place.tokens.get('acc') ?? ''
    const before = place.workspace.calls().length
    const mode = { MLFLOW_TRACKING_URI: place.app.url, MLFLOW_TRACKING_TOKEN: token, MLFLOW_REGISTRY_URI: 'databricks-uc' }
    const client = { environment: version, script: 'unity_catalog_client.py', host: place.app.url, token }
    const [seen = {}] = await runDatabricksClient({ ...client, env: { STORY: name, ...mode } })
    t.match(seen, { registry: 'databricks-uc', version: ['1', 'READY'], alias: '1' }, `${version}: ${JSON.stringify(seen)}`)
    t.strictSame(seen.files, [
      ['MLmodel', true],
      ['weights.bin', true],
    ])
    const got = objectOf((await done(place, 'acc', 'GET', '/model-versions/get', { name: 'hybrid', version: '1' })).model_version)
    t.match(got, { name: 'hybrid', status: 'READY' })
    t.match(String(got.aliases), /staging/, 'the alias of the registration is set when it is finalized')
    const calls = place.workspace.calls().slice(before)
    t.notOk(
      calls.some(({ path }) => path.startsWith('/api/2.0/fs/')),
      'the proxy brings the bytes with credentials of its own',
    )
    t.notOk(
      calls.some(({ body }) => body.includes('"hybrid"')),
      'upstream the name has three levels',
    )
  }
  const uc = '/api/2.0/mlflow/unity-catalog'
  const credentials = '/model-versions/generate-temporary-credentials'
  const [read, write] = ['MODEL_VERSION_OPERATION_READ', 'MODEL_VERSION_OPERATION_READ_WRITE']
  const refused: readonly (readonly [string, string, Fields])[] = [
    ['GET', '/registered-models/get', { name: 'prod.ml.hybrid' }],
    ['POST', '/registered-models/alias', { name: 'prod.ml.hybrid', alias: 'x', version: '1' }],
    ['POST', '/registered-models/alias', { name: 'hybrid', alias: 'production', version: '1' }],
    ['POST', credentials, { name: 'hybrid', version: '1', operation: write }],
    ['POST', credentials, { name: 'preprod.ml.x', version: '1', operation: read }],
    ['DELETE', '/model-versions/delete', { name: 'prod.ml.hybrid', version: '1' }],
    ['POST', '/model-versions/create', { name: 'hybrid', source: 'models:/prod.ml.hybrid/1' }],
  ]
  const before = lake.workspace.calls().length
  for (const [method, path, fields] of refused) {
    t.equal(
      (await ask(lake, 'acc', method, `${uc}${path}`, fields)).code,
      'PERMISSION_DENIED',
      `${method} ${path} ${fields.name}`,
    )
  }
  const asked = lake.workspace.calls().slice(before)
  t.same(
    asked.filter(({ method, search }) => method !== 'GET' || search.includes('prod.ml')),
    [],
    'upstream saw none of it',
  )
  const given = await done(lake, 'acc', 'POST', `${uc}${credentials}`, { name: 'hybrid', version: '1', operation: read })
  t.type(objectOf(objectOf(given.credentials).azure_user_delegation_sas).sas_token, 'string')
  t.same(objectsOf((await done(lake, 'preprod', 'GET', `${uc}/registered-models/search`)).registered_models), [])
  const found = objectsOf((await done(lake, 'acc', 'GET', `${uc}/registered-models/search`)).registered_models)
  t.ok(found.some(({ name }) => name === 'hybrid'))
  const tags = '/api/2.1/unity-catalog/securable-tags/FUNCTION/acc.ml.hybrid'
  t.match((await ask(lake, 'acc', 'PATCH', tags)).text, /PERMISSION_DENIED.*NATIVE_MODEL_REGISTRY unset/)
})

t.test('a client that takes the proxy for its workspace finds Unity Catalog there', async (t) => {
  const [host, token] = [lake.app.databricksHost ?? '', lake.tokens.get('acc') ?? '']
  const client = { environment: '3.17.2', script: 'unity_catalog_client.py', host, token }
  const before = lake.workspace.calls().length
  const [seen = {}] = await runDatabricksClient({ ...client, env: { STORY: 'hosted' } })
  t.match(seen, { registry: 'databricks-uc', version: ['1', 'READY'], alias: '1' }, JSON.stringify(seen))
  t.strictSame(seen.files, [
    ['MLmodel', true],
    ['weights.bin', true],
  ])
  const calls = lake.workspace.calls().slice(before)
  t.ok(calls.some(({ body }) => body.includes('"acc.ml.hosted"')))
  t.notOk(
    calls.some(({ body }) => body.includes('"hosted"')),
    'upstream the name has three levels',
  )
  const name = 'prod.ml.hosted'
  const foreign = await askWorkspace(host, 'GET', '/api/2.0/mlflow/unity-catalog/registered-models/get', { name }, token)
  t.equal(foreign.code, 'PERMISSION_DENIED')
})

t.test('clients of Unity Catalog’s own API are judged like all others, and see names in full', async (t) => {
  const token = lake.tokens.get('acc') ?? ''
  const client = { script: 'unity_catalog_sdk.py', environment: 'databricks', host: lake.app.url, token }
  const before = lake.workspace.calls().length
  const [seen = {}] = await runDatabricksClient({ ...client, env: { STORY: 'native' } })
  t.match(
    seen,
    {
      created: ['acc.ml.native', 'acc', 'ml', 'native', 'of the SDK'],
      listed: ['acc.ml.native'],
      'listed by schema': ['acc.ml.native'],
      foreign: ['PERMISSION_DENIED', 'PERMISSION_DENIED', 'PERMISSION_DENIED', 'PERMISSION_DENIED'],
      version: ['native', 1, 'READY', 'acc', 'ml'],
      alias: ['champion', 1, 'native'],
      'by alias': 1,
      'aliases of the model': [
        ['champion', 1],
        ['staging', 1],
      ],
      versions: [1],
      'changed version': 'checked',
      'kept for production': ['PERMISSION_DENIED', 'PERMISSION_DENIED'],
      storage: 'INVALID_PARAMETER_VALUE',
      owner: 'INVALID_PARAMETER_VALUE',
      renamed: 'acc.ml.native2',
      'alias gone': 'RESOURCE_DOES_NOT_EXIST',
      gone: [],
    },
    JSON.stringify(seen),
  )
  const asked = lake.workspace.calls().slice(before)
  t.notOk(
    asked.some(({ path, search, body }) => /prod\.ml|"prod"/.test(`${path}${search}${body}`)),
    'the workspace saw nothing of what was refused',
  )
  const mode = { MLFLOW_TRACKING_URI: lake.app.url, MLFLOW_TRACKING_TOKEN: token, MLFLOW_REGISTRY_URI: 'databricks-uc' }
  const native = { STORY: 'acc.ml.own', MLFLOW_ENABLE_UC_NATIVE_MODEL_REGISTRY: 'true', ...mode }
  const [told = {}] = await runDatabricksClient({
    ...client,
    environment: '3.17.2',
    script: 'unity_catalog_client.py',
    env: native,
  })
  t.match(told, { registry: 'databricks-uc', version: ['1', 'READY'], alias: '1' }, JSON.stringify(told))
  t.strictSame(told.files, [
    ['MLmodel', true],
    ['weights.bin', true],
  ])
  const base = '/api/2.1/unity-catalog'
  const got = await done(lake, 'acc', 'GET', `${base}/models/own/versions/1`)
  t.match(got, { catalog_name: 'acc', schema_name: 'ml', model_name: 'own', status: 'READY' }, 'a plain name is the own one')
  t.match(JSON.stringify(got.aliases), /staging/, 'the alias of the registration is set when it is finalized')
  const id = { catalog_name: 'acc', schema_name: 'ml', model_name: 'own', version: 1 }
  const credentials = (environment: string, operation: string, over: Fields = {}) =>
    ask(lake, environment, 'POST', `${base}/temporary-model-version-credentials`, { ...id, operation, ...over })
  const read = await credentials('acc', 'READ_MODEL_VERSION')
  t.type(objectOf(read.fields.azure_user_delegation_sas).sas_token, 'string', 'as they are, in no envelope')
  t.equal((await credentials('prod', 'READ_MODEL_VERSION')).status, 200, 'also to whoever may promote it')
  t.equal((await credentials('acc', 'READ_WRITE_MODEL_VERSION')).code, 'PERMISSION_DENIED', 'it is ready')
  t.equal((await credentials('prod', 'READ_WRITE_MODEL_VERSION')).code, 'PERMISSION_DENIED')
  t.equal((await credentials('preprod', 'READ_MODEL_VERSION')).code, 'PERMISSION_DENIED')
  t.equal((await credentials('acc', 'READ_MODEL_VERSION', { catalog_name: 'prod' })).code, 'PERMISSION_DENIED')
  await done(lake, 'prod', 'PUT', `${base}/models/acc.ml.own/aliases/production`, { version_num: 1 })
  const kept: readonly (readonly [string, string, Fields])[] = [
    ['DELETE', '/models/acc.ml.own/versions/1', {}],
    ['PATCH', '/models/acc.ml.own/versions/1', { comment: 'x' }],
    ['DELETE', '/models/acc.ml.own', {}],
    ['PATCH', '/models/acc.ml.own', { new_name: 'other' }],
    ['PUT', '/models/acc.ml.own/aliases/mine', { version_num: 1 }],
    ['DELETE', '/models/acc.ml.own/aliases/production', {}],
    ['GET', '/models/acc.ml.own/versions/1', {}],
    ['GET', '/models/acc.ml.own/aliases/staging', {}],
  ]
  for (const [method, path, fields] of kept) {
    t.equal((await ask(lake, 'acc', method, `${base}${path}`, fields)).code, 'PERMISSION_DENIED', `${method} ${path}`)
  }
  t.equal((await credentials('acc', 'READ_MODEL_VERSION')).code, 'PERMISSION_DENIED', 'what is in production is read by it alone')
})

t.test('files of a catalog in Databricks’ own storage go by signed URLs of the Files API', async (t) => {
  const place = await open('blob', ['acc'], 'defaultStorage')
  t.teardown(() => place.close())
  const bytes = randomBytes(3_000_000)
  const run = await makeRun(place, 'acc', { MLmodel: model, 'weights.bin': bytes, 'data/größe é.txt': '' })
  await done(place, 'acc', 'POST', '/registered-models/create', { name: 'fraud' })
  const made = await done(place, 'acc', 'POST', '/model-versions/create', { name: 'fraud', source: run.source, run_id: run.id })
  t.match(objectOf(made.model_version), { version: '1', status: 'READY', aliases: ['staging'] })
  t.ok((await fetched(place, 'acc', '/registry/fraud/1/weights.bin')).bytes.equals(bytes))
  t.equal((await fetched(place, 'acc', '/registry/fraud/1/none')).status, 404)
  const listed = async (path: string) =>
    objectsOf((await done(place, 'acc', 'GET', '/api/2.0/mlflow-artifacts/artifacts', { path })).files).map((row) => row.path)
  t.strictSame(await listed('registry/fraud/1'), ['MLmodel', 'data', 'weights.bin'])
  t.strictSame(await listed('registry/fraud/1/data'), ['größe é.txt'])
  t.strictSame(await listed('registry/fraud/1/none'), [])
  const copied = await done(place, 'acc', 'POST', '/model-versions/create', { name: 'fraud', source: 'models:/fraud/1' })
  t.match(objectOf(copied.model_version), { version: '2', status: 'READY' })
  const token = place.tokens.get('acc') ?? ''
  const mode = { MLFLOW_TRACKING_URI: place.app.url, MLFLOW_TRACKING_TOKEN: token, MLFLOW_REGISTRY_URI: 'databricks-uc' }
  const client = { environment: '3.17.2', script: 'unity_catalog_client.py', host: place.app.databricksHost ?? '', token }
  const [seen = {}] = await runDatabricksClient({ ...client, env: { STORY: 'own', ...mode } })
  t.match(
    seen,
    {
      version: ['1', 'READY'],
      files: [
        ['MLmodel', true],
        ['weights.bin', true],
      ],
    },
    JSON.stringify(seen),
  )
  const asked = place.workspace.calls().filter(({ path, body }) => path.endsWith('create-upload-url') && body.includes('/own/'))
  t.ok(asked.length >= 2 && asked.every(({ body }) => body.includes('"/Models/acc/ml/own/1/')), 'signed for the client itself')
  const signed = async (path: string, may: string) =>
    (await ask(place, 'acc', 'POST', `/api/2.0/fs/create-${may}-url`, { path })).code
  for (const may of ['upload', 'download']) {
    t.equal(await signed('/Models/prod/ml/fraud/1/MLmodel', may), 'PERMISSION_DENIED', 'another environment’s')
    t.equal(await signed('/Volumes/acc/ml/x', may), 'PERMISSION_DENIED', 'no model')
    t.equal(await signed('/Models/acc/ml/own/1/../../../../prod/ml/fraud/1/x', may), 'INVALID_PARAMETER_VALUE')
  }
  t.equal(await signed('/Models/acc/ml/own/1/MLmodel', 'upload'), 'PERMISSION_DENIED', 'it is ready')
  place.workspace.fail(/create-upload-url$/)
  const source = { name: 'fraud', source: run.source, run_id: run.id }
  t.equal((await ask(place, 'acc', 'POST', '/model-versions/create', source)).code, 'TEMPORARILY_UNAVAILABLE')
  place.workspace.fail(null)
  const left = await done(place, 'acc', 'GET', '/model-versions/search', { filter: "name='fraud'" })
  t.strictSame(
    objectsOf(left.model_versions).map(({ version }) => version),
    ['2', '1'],
    'what could not be filled is taken away',
  )
  t.notMatch(place.app.logs(), /sig=/)
})

t.test('what the proxy registers has its run’s workspace, and what its model says that it depends on', async (t) => {
  const resources = [
    'resources:',
    '  databricks:',
    '    serving_endpoint: [{ name: chat }]',
    '    table: [{ name: acc.ml.rows }, { name: acc.ml.mine, on_behalf_of_user: true }]',
    '    genie_space: [{ name: x }]',
    '',
  ].join('\n')
  const older = model.replace(
    'flavors: {}',
    'flavors: { langchain: { databricks_dependency: { databricks_llm_endpoint_name: [llm] } } }',
  )
  const registered = async (description: string) => {
    const run = await makeRun(blobs, 'acc', { MLmodel: description })
    const given = await ask(blobs, 'acc', 'POST', '/model-versions/create', {
      name: 'linked',
      source: run.source,
      run_id: run.id,
    })
    const sent = versionsOf(blobs).findLast(({ path }) => path.endsWith('create'))
    return { run, given, sent: objectOf(JSON.parse(sent?.body ?? '{}')) }
  }
  await done(blobs, 'acc', 'POST', '/registered-models/create', { name: 'linked' })
  const first = await registered(model + resources)
  t.match(first.sent, { run_id: first.run.id, run_tracking_server_id: blobs.workspace.id })
  t.strictSame(first.sent.model_version_dependencies, [
    { type: 'DATABRICKS_MODEL_ENDPOINT', name: 'chat' },
    { type: 'DATABRICKS_TABLE', name: 'acc.ml.rows' },
  ])
  const second = await registered(older)
  t.strictSame(second.sent.model_version_dependencies, [{ type: 'DATABRICKS_MODEL_ENDPOINT', name: 'llm' }])
  t.notOk('model_version_dependencies' in (await registered(model)).sent)
  const loader = 'flavors: { python_function: { loader_module: databricks.feature_store.mlflow_model } }'
  const featured = await registered(model.replace('flavors: {}', loader))
  t.match([featured.given.code, featured.given.text], ['INVALID_PARAMETER_VALUE', /Feature Store/])
})

t.test('clients of the catalog and of the open-source registry find the same versions', async (t) => {
  const uc = '/api/2.0/mlflow/unity-catalog'
  await done(lake, 'acc', 'POST', '/registered-models/create', { name: 'alike' })
  const run = await makeRun(lake, 'acc')
  for (const _ of [1, 2, 3]) {
    await done(lake, 'acc', 'POST', '/model-versions/create', { name: 'alike', source: run.source, run_id: run.id })
  }
  await done(lake, 'acc', 'POST', '/registered-models/alias', { name: 'alike', alias: 'champion', version: '1' })
  await done(lake, 'prod', 'POST', '/registered-models/alias', { name: 'acc.ml.alike', alias: 'production', version: '3' })
  const host = lake.app.databricksHost ?? ''
  const aliasesIn = (row: Fields) =>
    [row.aliases].flat().flatMap((each) => (each === undefined ? [] : [typeof each === 'string' ? each : objectOf(each).alias]))
  const found = async (who: string, url: string, path: string, filter: string) => {
    const given = await askWorkspace(url, 'GET', path, { filter }, lake.tokens.get(who) ?? '')
    const rows = objectsOf(given.fields.model_versions)
    return rows.map((row) => [row.name, row.version, row.status, row.run_id, aliasesIn(row).sort()]).sort()
  }
  for (const [who, name, numbers] of [
    ['acc', 'alike', ['1', '2']],
    ['prod', 'acc.ml.alike', ['1', '2', '3']],
  ] as const) {
    for (const filter of [`name='${name}'`, ...(who === 'acc' ? [`run_id='${run.id}'`] : [])]) {
      const http = await found(who, lake.app.url, '/api/2.0/mlflow/model-versions/search', filter)
      t.strictSame(
        http.map(([, version]) => version),
        numbers,
        `${who} ${filter}`,
      )
      for (const url of [lake.app.url, host]) {
        t.strictSame(await found(who, url, `${uc}/model-versions/search`, filter), http, `${who} ${filter}`)
      }
    }
  }
})

t.test('signed addresses of files never leave the proxy', async (t) => {
  const said = [blobs, lake].map(({ app }) => app.logs()).join('')
  t.notMatch(said, /sig=|sas_token/)
  t.ok(said.length > 1000)
})
