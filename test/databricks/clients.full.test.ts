import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { ensurePythonEnvironments } from '../../scripts/setup/python-environments.mjs'
import { startIssuer } from '../fakes/issuer.ts'
import { joinWorkspace } from '../fakes/workspace/member.ts'
import { startWorkspace, type Workspace } from '../fakes/workspace/start-workspace.ts'
import { listen } from '../harness/listen.ts'
import { startMlflow } from '../harness/mlflow-server.ts'
import { runDatabricksClient } from '../scenarios/databricks-python.ts'

// Unmodified clients find a Databricks workspace in the stand-in, and real Azure storage behind it.
const [mlflow, issuer] = await Promise.all([
  startMlflow({ version: '3.17.2' }),
  startIssuer(),
  ensurePythonEnvironments(['databricks'], (line) => t.comment(line)),
])
const blob = await startWorkspace({ mlflow, issuer, storage: 'blob' })
const lake = await startWorkspace({ mlflow, issuer, storage: 'adls', unityCatalog: true })
t.teardown(async () => {
  await Promise.all([blob.close(), lake.close()])
  await Promise.all([mlflow.close(), issuer.close()])
})
const owner = { objectId: '00000000-0000-4000-8000-00000000000a', name: 'owner', groups: ['apps_acc'], indirectGroups: ['apps'] }
const reader = { objectId: '00000000-0000-4000-8000-00000000000b', name: 'reader' }
const [inBlob, inLake, readerInLake] = await Promise.all([
  joinWorkspace(blob, issuer, owner),
  joinWorkspace(lake, issuer, owner),
  joinWorkspace(lake, issuer, reader),
])

const wanted = {
  artifact_uri: /^dbfs:\/databricks\/mlflow-tracking\/\d+\/[0-9a-f]{32}\/artifacts$/,
  steps: [2 ** 40],
  root: [
    ['files/deep', true],
    ['files/empty.bin', false],
    ['files/long.bin', false],
  ],
  files: { 'deep/er/note.txt': true, 'empty.bin': true, 'long.bin': true },
  version: ['1', 'PENDING_REGISTRATION', 'None'],
  stage: 'Staging',
  download_uri: /^dbfs:\/databricks\/mlflow-registry\//,
  latest: ['1'],
  answer: [42],
}

// Before 3 a model is a folder of its run, and traces were not yet what they are.
const runsModel = { model_uri: /^runs:\//, trace: 'none' }
const loggedModel = { model_uri: /^models:\/m-/, trace: 'root' }

function storesOf(workspace: Workspace) {
  return new Set(workspace.calls().flatMap(({ path }) => /credentials-for-(?:write|upload)$/.exec(path)?.[0] ?? []))
}

t.test(
  'MLflow in Databricks mode logs, registers and reads back, through blobs and through the lake',
  { timeout: 120_000 },
  async (t) => {
    const run = async (environment: string) => {
      const hosts = [
        [blob.url, inBlob.token, `blob-${environment}`],
        [lake.url, inLake.token, `lake-${environment}`],
      ]
      // Parts of a megabyte: the long file goes up in several.
      const env = {
        HOSTS: JSON.stringify(hosts),
        MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE: String(1 << 20),
      }
      const seen = await runDatabricksClient({ environment, script: 'mlflow_client.py', env })
      t.equal(seen.length, 2, `${environment} came to its end in both`)
      for (const each of seen) t.match({ ...each }, { ...wanted, ...(environment.startsWith('2.') ? runsModel : loggedModel) })
    }
    await Promise.all(['2.22.4', '3.17.2'].map(run))
    for (const workspace of [blob, lake]) {
      t.same(storesOf(workspace), new Set(['credentials-for-write', 'credentials-for-upload']), 'by credentials')
    }
  },
)

t.test('The lake checks signatures, and shows what was appended once it is flushed', async (t) => {
  const { storage } = lake
  const [write, read] = [storage.sign('x/y', 'write', 60), storage.sign('x/y', 'read', 60)]
  const send = async (method: string, url: string, query = '', body?: string) => {
    const response = await fetch(url + query, { method, ...(body === undefined ? {} : { body }) })
    return [response.status, await response.text()]
  }
  t.match(await send('PATCH', write, '&action=append&position=0', 'abc'), [404, /PathNotFound/])
  t.match(await send('PUT', read, '&resource=file'), [403, /AuthorizationPermissionMismatch/])
  t.match(await send('PUT', storage.sign('x/y', 'write', -1), '&resource=file'), [403, /AuthenticationFailed/])
  t.match(await send('PUT', write.replace('x/y', 'x/z'), '&resource=file'), [403, /AuthenticationFailed/])
  t.match(await send('PUT', write, '&resource=file'), [201, ''])
  t.match(await send('PATCH', write, '&action=append&position=0', 'abc'), [202, ''])
  t.match(await send('GET', read), [200, ''])
  t.match(await send('PATCH', write, '&action=flush&position=9'), [400, /InvalidFlushPosition/])
  t.match(await send('PATCH', write, '&action=flush&position=3'), [200, ''])
  t.same(await send('GET', read), [200, 'abc'])
  const folder = read.replace(/\?.*/, `?${storage.signFolder('x', 'read', 60)}`)
  t.same(await send('GET', folder), [200, 'abc'])
  t.match(await send('GET', folder.replace('x/y', 'w/y')), [403, /AuthenticationFailed/])
})

t.test('The Databricks SDK drives permissions, transition requests, comments and webhooks', { timeout: 60_000 }, async (t) => {
  const env = { STORY: 'risk', READER_TOKEN: readerInLake.token }
  const [seen] = await runDatabricksClient({
    environment: 'databricks',
    script: 'sdk_client.py',
    host: lake.url,
    token: inLake.token,
    env,
  })
  const no = 'PERMISSION_DENIED'
  t.same(seen, {
    me: [
      'owner',
      [
        ['apps', 'indirect'],
        ['apps_acc', 'direct'],
      ],
      owner.objectId,
    ],
    made: ['PENDING_REGISTRATION', 'owner'],
    model: ['CAN_MANAGE', 'owner', 32],
    stranger: [no, no, 0],
    permissions: [
      ['admins', ['CAN_MANAGE']],
      ['owner', ['CAN_MANAGE']],
      ['reader', ['CAN_READ']],
    ],
    reader: ['CAN_READ', no, no, no, no],
    asked: ['Production', 'reader', 'please', ['CANCEL_TRANSITION_REQUEST']],
    'nothing moved': 'None',
    'own approval': no,
    listed: [['REQUESTED_TRANSITION', 'reader', 'None', 'Production', 'please']],
    approved: ['APPROVED_REQUEST', 'owner', 'None', 'Production', 'yes'],
    'listed after': [],
    moved: ['Production', 'CAN_MANAGE', []],
    archived: 'Archived',
    cancelled: 'CANCELLED_REQUEST',
    rejected: 'REJECTED_REQUEST',
    comment: ['nice', 'very nice', no, null],
    webhook: [false, ['risk'], no, no, null],
    'active version': 'INVALID_STATE',
  })
})

t.test(
  'MLflow 3 registers in Unity Catalog: it sends the files itself, finalizes, and finds them by an alias',
  { timeout: 60_000 },
  async (t) => {
    const env = { STORY: 'main.ml.fraud' }
    const client = { environment: '3.17.2', script: 'unity_catalog_client.py', token: inLake.token, env }
    const [seen] = await runDatabricksClient({ ...client, host: lake.url })
    t.same(seen, {
      registry: 'databricks-uc',
      version: ['1', 'READY', null],
      alias: '1',
      files: [
        ['MLmodel', true],
        ['weights.bin', true],
      ],
    })
  },
)

t.test('Webhooks are called and signed; endpoints serve what is registered', async (t) => {
  const other = await joinWorkspace(blob, issuer, { ...reader, kind: 'user' })
  const signatures: string[] = []
  const listener = createServer((request, response) => {
    signatures.push(String(request.headers['x-databricks-signature']))
    response.end('ok')
  })
  const url = `http://127.0.0.1:${await listen(listener)}/hook`
  t.teardown(() => listener.close())
  const api = '/api/2.0/mlflow'
  await blob.storage.write('staged/MLmodel', Buffer.from('flavors: {}'))
  await inBlob.ask('POST', `${api}/registered-models/create`, { name: 'hooked' })
  await inBlob.ask('POST', `${api}/model-versions/create`, { name: 'hooked', source: 'dbfs:/staged' })
  const hook = { model_name: 'hooked', events: ['MODEL_VERSION_TRANSITIONED_TO_STAGING'], http_url_spec: { url, secret: 's' } }
  t.equal((await other.ask('POST', `${api}/registry-webhooks/create`, hook)).code, 'PERMISSION_DENIED')
  t.equal((await inBlob.ask('POST', `${api}/registry-webhooks/create`, hook)).code, 'OK')
  for (const stage of ['Archived', 'Staging']) {
    await inBlob.ask('POST', `${api}/model-versions/transition-stage`, { name: 'hooked', version: '1', stage })
  }
  for (let i = 0; i < 50 && signatures.length === 0; i++) await sleep(20)
  t.match(signatures, [/^[0-9a-f]{64}$/])
  t.equal(signatures.length, 1, 'for the one transition that it listens for')
  const serve = (version: string) => ({
    name: 'live',
    config: { served_models: [{ model_name: 'hooked', model_version: version }] },
  })
  const endpoints = '/api/2.0/serving-endpoints'
  t.equal((await inBlob.ask('POST', endpoints, serve('77'))).status, 404)
  t.match((await inBlob.ask('POST', endpoints, serve('1'))).fields, { config: { served_entities: [{ name: 'hooked-1' }] } })
  t.equal((await other.ask('POST', '/serving-endpoints/live/invocations')).code, 'PERMISSION_DENIED')
})
