import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { startIssuer, tenantId } from '../fakes/issuer.ts'
import { databricksAudience, databricksClaims } from '../fakes/workspace/authenticate.ts'
import { objectOf, objectsOf } from '../fakes/workspace/call.ts'
import { askWorkspace, joinWorkspace } from '../fakes/workspace/member.ts'
import { startWorkspace } from '../fakes/workspace/start-workspace.ts'
import { startMlflow } from '../harness/mlflow-server.ts'

// The stand-in is honest: it refuses what Databricks refuses. Real clients are in clients.test.ts.
const [mlflow, issuer] = await Promise.all([startMlflow({ version: '3.17.2' }), startIssuer()])
const workspace = await startWorkspace({ mlflow, issuer, storage: 'blob', credentialSeconds: 2, pageSize: 2 })
t.teardown(async () => {
  await workspace.close()
  await Promise.all([mlflow.close(), issuer.close()])
})
const oid = (digit: number) => `00000000-0000-4000-8000-00000000000${digit}`
const admin = await joinWorkspace(workspace, issuer, { objectId: oid(1), name: 'proxy', groups: ['admins'] })
const maker = await joinWorkspace(workspace, issuer, { objectId: oid(2), name: 'maker' })
const ann = { objectId: oid(3), name: 'ann@example.com', kind: 'user', groups: ['apps_acc'] } as const
const other = await joinWorkspace(workspace, issuer, ann)
const api = '/api/2.0/mlflow'

t.test('A token has to be of the Databricks audience, of this tenant, valid, and of a member', async (t) => {
  const good = databricksClaims({ objectId: oid(2) }, tenantId)
  const now = Math.floor(Date.now() / 1000)
  const cases: [string, number, string | null][] = [
    ['none', 401, null],
    ['no JWT', 403, 'dapi0123456789'],
    ['of the proxy', 400, await issuer.token()],
    ['of version 2.0', 403, await issuer.token({ aud: databricksAudience })],
    ['of another tenant', 403, await issuer.token({ ...good, iss: 'https://sts.windows.net/other/', tid: 'other' })],
    ['expired', 403, await issuer.token({ ...good, exp: now - 600 })],
    ['signed by nobody', 403, await issuer.token(good, { sign: () => Buffer.from('x') })],
    ['of a stranger', 403, await issuer.token({ ...good, oid: oid(9) })],
    ['good', 200, await issuer.token(good)],
  ]
  for (const [name, status, token] of cases) {
    const given = await askWorkspace(workspace.url, 'GET', '/api/2.0/preview/scim/v2/Me', {}, token)
    t.equal(given.status, status, name)
    if (status === 400) t.match(given.text, /Expected aud claim to be: 2ff814a6-.* but was: api:\/\/mlflow-env-proxy/)
  }
})

t.test('Experiments are absolute paths in folders that are there, and have one spelling that is found', async (t) => {
  const create = (member: typeof maker, name: string) => member.ask('POST', `${api}/experiments/create`, { name })
  const find = (name: string) => maker.ask('GET', `${api}/experiments/get-by-name`, { experiment_name: name })
  t.match(await create(maker, 'churn'), { status: 400, code: 'INVALID_PARAMETER_VALUE', text: /must be an absolute path/ })
  t.match(await create(maker, '/experiments/acc/churn'), {
    status: 404,
    code: 'RESOURCE_DOES_NOT_EXIST',
    text: /Parent directory/,
  })
  const mkdirs = (member: typeof maker) => member.ask('POST', '/api/2.0/workspace/mkdirs', { path: '/experiments/acc' })
  t.equal((await mkdirs(maker)).code, 'PERMISSION_DENIED', 'only admins make folders at the top')
  t.equal((await mkdirs(admin)).code, 'OK')
  t.equal((await create(maker, '/experiments/acc/churn')).code, 'PERMISSION_DENIED', 'and what lies there is theirs')
  const made = await create(maker, '/Workspace/Shared/churn')
  t.equal(made.code, 'OK')
  t.equal((await find('/Workspace/Shared/churn')).code, 'RESOURCE_DOES_NOT_EXIST')
  t.equal((await create(maker, '/Workspace/Shared/churn')).code, 'RESOURCE_ALREADY_EXISTS')
  t.match((await find('/Shared/churn')).fields, {
    experiment: { artifact_location: /^dbfs:\/databricks\/mlflow-tracking\/\d+$/ },
  })
  t.equal((await maker.ask('GET', `${api}/experiments/get`, { experiment_id: '0' })).code, 'RESOURCE_DOES_NOT_EXIST')
  const status = await maker.ask('GET', '/api/2.0/workspace/get-status', { path: '/Shared' })
  const folder = await maker.ask('GET', `${api}/experiments/get`, { experiment_id: String(status.fields.object_id) })
  t.match(folder, { status: 400, text: /found 'DIRECTORY'/ })
  t.match(await maker.ask('POST', `${api}/runs/create`, {}), { status: 404, text: /No experiment was found/ })
  await create(maker, '/Users/maker/own')
  const seen = async (member: typeof maker) => {
    const { fields } = await member.ask('POST', `${api}/experiments/search`, { max_results: 10 })
    return objectsOf(fields.experiments)
      .map((experiment) => experiment.name)
      .sort()
  }
  t.same(await seen(maker), ['/Shared/churn', '/Users/maker/own'])
  t.same(await seen(other), ['/Shared/churn'])
})

t.test('The registry shows ids and permissions by its own routes, insists on a boolean, and knows no aliases', async (t) => {
  await maker.ask('POST', '/api/2.0/preview/mlflow/registered-models/create', { name: 'fraud' })
  const oss = await maker.ask('GET', `${api}/registered-models/get`, { name: 'fraud' })
  t.equal(objectOf(oss.fields.registered_model).id, undefined)
  const own = await maker.ask('GET', `${api}/databricks/registered-models/get`, { name: 'fraud' })
  t.match(own.fields, { registered_model_databricks: { id: /^[0-9a-f]{32}$/, permission_level: 'CAN_MANAGE', user_id: 'maker' } })
  t.match(await maker.ask('POST', `${api}/registered-models/alias`, { name: 'fraud', alias: 'a', version: '1' }), {
    status: 404,
    code: 'ENDPOINT_NOT_FOUND',
  })
  await workspace.storage.write('staged/fraud/MLmodel', Buffer.from('flavors: {}'))
  const source = 'dbfs:/staged/fraud'
  const first = await maker.ask('POST', `${api}/model-versions/create`, { name: 'fraud', source })
  t.match(first.fields, { model_version: { status: 'PENDING_REGISTRATION', user_id: 'maker' } })
  const move = { name: 'fraud', version: '1', stage: 'Staging' }
  t.match(await maker.ask('POST', `${api}/databricks/model-versions/transition-stage`, move), {
    status: 400,
    text: /archive_existing/,
  })
  const moved = await maker.ask('POST', `${api}/databricks/model-versions/transition-stage`, {
    ...move,
    archive_existing_versions: true,
  })
  t.match(moved.fields, {
    model_version_databricks: { current_stage: 'Staging', permission_level: 'CAN_MANAGE', open_requests: [] },
  })
  const nothing = await maker.ask('POST', `${api}/model-versions/create`, { name: 'fraud', source: 'dbfs:/nowhere' })
  t.equal(objectOf(nothing.fields.model_version).version, '2')
  await sleep(200)
  const failed = await maker.ask('GET', `${api}/model-versions/get`, { name: 'fraud', version: '2' })
  t.equal(objectOf(failed.fields.model_version).status, 'FAILED_REGISTRATION', 'there was nothing to copy')
  const two = await maker.ask('GET', `${api}/registered-models/search`, { filter: "name = 'a' AND name = 'b'" })
  t.equal(two.status, 400, 'one condition only')
  const part = await maker.ask('GET', `${api}/registered-models/search`, { filter: "name LIKE 'rau'" })
  t.equal(objectsOf(part.fields.registered_models).length, 1, 'a part of the name is found')
  const list = await maker.ask('GET', `${api}/model-versions/list-artifacts`, { name: 'fraud', version: '1', path: '' })
  t.same(list.fields, { files: [{ path: 'MLmodel', is_dir: false, file_size: 11 }] })
})

t.test('Who may manage Staging versions may not touch Production; who may read may only ask', async (t) => {
  const model = await maker.ask('GET', `${api}/databricks/registered-models/get`, { name: 'fraud' })
  const acl = `/api/2.0/permissions/registered-models/${objectOf(model.fields.registered_model_databricks).id}`
  const grant = (level: string) =>
    maker.ask('PATCH', acl, { access_control_list: [{ user_name: other.name, permission_level: level }] })
  const move = (stage: string) =>
    other.ask('POST', `${api}/model-versions/transition-stage`, { name: 'fraud', version: '1', stage })
  const cases: [string, string, string][] = [
    ['CAN_READ', 'Archived', 'PERMISSION_DENIED'],
    ['CAN_EDIT', 'Archived', 'PERMISSION_DENIED'],
    ['CAN_MANAGE_STAGING_VERSIONS', 'Archived', 'OK'],
    ['CAN_MANAGE_STAGING_VERSIONS', 'Production', 'PERMISSION_DENIED'],
    ['CAN_MANAGE_PRODUCTION_VERSIONS', 'Production', 'OK'],
    ['CAN_MANAGE_STAGING_VERSIONS', 'Archived', 'PERMISSION_DENIED'],
  ]
  for (const [level, stage, code] of cases) {
    await grant(level)
    t.equal((await move(stage)).code, code, `${level} to ${stage}`)
  }
  t.equal((await other.ask('DELETE', `${api}/registered-models/delete`, { name: 'fraud' })).code, 'PERMISSION_DENIED')
  t.equal((await other.ask('PUT', acl, { access_control_list: [] })).code, 'PERMISSION_DENIED')
  t.equal(
    (await maker.ask('PUT', acl, { access_control_list: [] })).code,
    'INVALID_PARAMETER_VALUE',
    'nobody locks themselves out',
  )
})

t.test('Signed URLs are for one file, one way, and a while; listings come in pages', async (t) => {
  const { fields } = await maker.ask('GET', `${api}/experiments/get-by-name`, { experiment_name: '/Shared/churn' })
  const experiment = String(objectOf(fields.experiment).experiment_id)
  const made = await maker.ask('POST', `${api}/runs/create`, { experiment_id: experiment })
  const info = objectOf(objectOf(made.fields.run).info)
  t.equal(info.artifact_uri, `dbfs:/databricks/mlflow-tracking/${experiment}/${info.run_id}/artifacts`)
  const sign = async (way: string, path: string) => {
    const given = await maker.ask('POST', `${api}/artifacts/credentials-for-${way}`, { run_id: info.run_id, path: [path] })
    const [first] = objectsOf(given.fields.credential_infos)
    return { url: String(first?.signed_uri), type: first?.type, status: given.status }
  }
  const put = (url: string) => fetch(url, { method: 'PUT', headers: { 'x-ms-blob-type': 'BlockBlob' }, body: 'bytes' })
  for (const path of ['a', 'b', 'sub/c']) t.equal((await put((await sign('write', path)).url)).status, 201)
  const read = await sign('read', 'a')
  t.equal(read.type, 'AZURE_SAS_URI')
  t.equal(await (await fetch(read.url)).text(), 'bytes')
  t.equal((await put(read.url)).status, 403, 'a read credential does not write')
  t.equal((await fetch(read.url.replace('/artifacts/a?', '/artifacts/b?'))).status, 403, 'nor does it read another file')
  t.equal((await sign('read', '../../x')).status, 400)
  const page = (token: object) => maker.ask('GET', `${api}/artifacts/list`, { run_id: info.run_id, ...token })
  const first = await page({})
  t.same(
    objectsOf(first.fields.files).map((file) => file.path),
    ['a', 'b'],
  )
  const second = await page({ page_token: first.fields.next_page_token })
  t.same(second.fields.files, [{ path: 'sub', is_dir: true }])
  t.equal(second.fields.next_page_token, undefined)
  await sleep(3000)
  t.equal((await fetch(read.url)).status, 403, 'after its time a credential is no good')
  const managed = `databricks/mlflow-tracking/${experiment}/${info.run_id}/artifacts/a`
  t.equal((await maker.ask('GET', `/dbfs/${managed}`)).code, 'PERMISSION_DENIED', 'and DBFS is no way around')
})

t.test('Without a metastore Unity Catalog answers 404, and too many requests answer 429 with the time to wait', async (t) => {
  for (const path of ['/api/2.0/mlflow/unity-catalog/registered-models/get', '/api/2.1/unity-catalog/models']) {
    t.match(await maker.ask('GET', path, { name: 'a.b.c' }), { status: 404, code: 'METASTORE_DOES_NOT_EXIST' })
  }
  workspace.setRates({ registry: 3 })
  const all = await Promise.all(
    Array.from({ length: 9 }, () => maker.ask('GET', `${api}/registered-models/get`, { name: 'fraud' })),
  )
  const over = all.filter(({ status }) => status === 429)
  t.ok(over.length >= 3 && all.length - over.length >= 3, 'some passed, the rest did not')
  t.equal(over[0]?.headers.get('retry-after'), '1')
  workspace.setRates({})
})
