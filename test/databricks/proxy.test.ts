import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { ensurePythonEnvironments } from '../../scripts/setup/python-environments.mjs'
import { startAuthority } from '../fakes/authority.ts'
import { startIssuer, tenantId } from '../fakes/issuer.ts'
import { databricksAudience, databricksClaims } from '../fakes/workspace/authenticate.ts'
import { type Fields, objectOf, objectsOf, text } from '../fakes/workspace/call.ts'
import { askWorkspace, joinWorkspace } from '../fakes/workspace/member.ts'
import { startWorkspace } from '../fakes/workspace/start-workspace.ts'
import { startInProcess } from '../harness/app.ts'
import { startMlflow } from '../harness/mlflow-server.ts'
import { runDatabricksClient } from '../scenarios/databricks-python.ts'

// A real MLflow behind an honest workspace, whose members are one service principal for each environment.
const [mlflow, issuer] = await Promise.all([
  startMlflow({ version: '3.17.2' }),
  startIssuer(),
  ensurePythonEnvironments(['databricks'], (line) => t.comment(line)),
])
const registration = { seconds: 1, pendingTransitions: 'refused' } as const
const workspace = await startWorkspace({ mlflow, issuer, storage: 'blob', registration })
const oid = (digit: number) => `00000000-0000-4000-8000-00000000000${digit}`
const principals: Readonly<Record<string, string>> = { 'client-acc': oid(1), 'client-prod': oid(2) }
workspace.add({ objectId: oid(1), name: 'client-acc', groups: ['admins'] })
workspace.add({ objectId: oid(2), name: 'client-prod', groups: ['admins'] })
const outsider = await joinWorkspace(workspace, issuer, { objectId: oid(3), name: 'outsider', groups: ['admins'] })
const authority = await startAuthority(issuer, async ({ client_id = '', client_secret, scope }) => {
  const objectId = principals[client_id]
  if (objectId === undefined || client_secret !== `secret of ${client_id}`.replaceAll(' ', '-')) return null
  t.equal(scope, '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default')
  return { token: await issuer.token(databricksClaims({ objectId, name: client_id }, tenantId)), seconds: 3_600 }
})
const principal = (name: string) => ({
  mode: 'servicePrincipal',
  clientId: `client-${name}`,
  clientSecretFile: `${name}.secret`,
})
const app = await startInProcess(
  {
    upstream: { url: workspace.url, kind: 'databricks', credentials: principal('acc') },
    databricksHost: { listen: { port: 0 } },
    authentication: { entra: { tenantId, audiences: [issuer.audience], authority: authority.url } },
    environments: { acc: {}, prod: { production: true, promotesFrom: ['acc'], credentials: principal('prod') } },
  },
  { files: { 'acc.secret': 'secret-of-client-acc', 'prod.secret': 'secret-of-client-prod' } },
)
t.teardown(async () => {
  await app.close()
  await workspace.close()
  await Promise.all([authority.close(), mlflow.close(), issuer.close()])
})

const tokenIn = (environment: string) =>
  issuer.token({ iss: `${authority.url}/${tenantId}/v2.0`, roles: [`apps_${environment}`] })

async function caller(environment: string) {
  const token = await tokenIn(environment)
  return (method: string, path: string, fields: Fields = {}) =>
    askWorkspace(app.url, method, path.startsWith('/api') ? path : `/api/2.0/mlflow${path}`, fields, token)
}
const [acc, prod] = await Promise.all([caller('acc'), caller('prod')])

/** Registers a version from a run's artifacts; the workspace moves none until it has copied their files. */
async function registered(name: string): Promise<void> {
  await acc('POST', '/registered-models/create', { name })
  const experiment = await acc('GET', '/experiments/get-by-name', { experiment_name: 'Default' })
  const id = text(objectOf(experiment.fields.experiment), 'experiment_id')
  const run = await acc('POST', '/runs/create', { experiment_id: id })
  const info = objectOf(objectOf(run.fields.run).info)
  const source = `${text(info, 'artifact_uri')}/model`
  const folder = source.replace('mlflow-artifacts:/', 'databricks/mlflow-tracking/')
  await workspace.storage.write(`${folder}/MLmodel`, Buffer.from('x'))
  const made = await acc('POST', '/model-versions/create', { name, source, run_id: info.run_id })
  t.match(made.fields, { model_version: { name, status: 'PENDING_REGISTRATION' } }, made.text)
  for (;;) {
    const { fields } = await acc('GET', '/model-versions/get', { name, version: '1' })
    if (objectOf(fields.model_version).status !== 'PENDING_REGISTRATION') break
    await sleep(200)
  }
  const { fields } = await acc('GET', '/model-versions/get', { name, version: '1' })
  t.match(fields, { model_version: { current_stage: 'Staging', status: 'READY' } })
}

t.test('the folder of an environment is made, and an experiment has one name in all its spellings', async (t) => {
  const made = await acc('POST', '/experiments/create', { name: 'team/churn' })
  t.equal(made.status, 200, made.text)
  const mkdirs = workspace.calls().filter(({ path }) => path === '/api/2.0/workspace/mkdirs')
  t.ok(
    mkdirs.some(({ body }) => body.includes('/experiments/acc/team')),
    'folders below it too',
  )
  for (const name of ['team/churn', '/experiments/acc/team/churn', '/Workspace/experiments/acc/team/churn']) {
    const { fields, text } = await acc('GET', '/experiments/get-by-name', { experiment_name: name })
    t.match(fields, { experiment: { name: 'team/churn', artifact_location: /^mlflow-artifacts:\// } }, `${name}: ${text}`)
  }
  const foreign = await prod('GET', '/experiments/get-by-name', { experiment_name: '/Workspace/experiments/acc/team/churn' })
  t.equal(foreign.code, 'PERMISSION_DENIED')
  const tables = { uc_trace_location: { catalog: 'main', schema: 'traces', table_prefix: 'churn' } }
  const traced = await acc('POST', '/experiments/create', { name: 'traced', trace_location: tables })
  t.match(traced, {
    code: 'INVALID_PARAMETER_VALUE',
    text: /trace_location.*Unity Catalog tables, which belong to no environment.*Leave it out/,
  })
  const renamed = await acc('POST', '/experiments/update', { experiment_id: made.fields.experiment_id, new_name: 'other/churn' })
  t.equal(renamed.status, 200, renamed.text)
  t.equal(
    (await acc('POST', '/api/2.0/workspace/delete', { path: '/experiments/acc', recursive: true })).code,
    'PERMISSION_DENIED',
  )
  t.equal((await acc('GET', `/api/2.0/permissions/experiments/${made.fields.experiment_id}`)).code, 'PERMISSION_DENIED')
})

t.test('all doors to a stage are one policy', async (t) => {
  await registered('fraud')
  const move = { name: 'fraud', version: '1', stage: 'Production', archive_existing_versions: false }
  const doors = [
    '/model-versions/transition-stage',
    '/databricks/model-versions/transition-stage',
    '/transition-requests/approve',
  ]
  for (const ingress of doors) {
    for (const prefix of ['/api/2.0/mlflow', '/api/2.0/preview/mlflow']) {
      t.equal((await acc('POST', `${prefix}${ingress}`, move)).code, 'PERMISSION_DENIED', `${prefix}${ingress}`)
    }
  }
  const staged = await acc('POST', '/api/2.0/preview/mlflow/databricks/model-versions/transition-stage', {
    ...move,
    stage: 'archived',
  })
  t.match(
    staged.fields,
    { model_version_databricks: { name: 'fraud', current_stage: 'Archived', source: /^mlflow-artifacts:/ } },
    staged.text,
  )
  await acc('POST', '/model-versions/transition-stage', { ...move, stage: 'Staging' })
})

t.test('production is asked for by those who may not, and answered by those who may', async (t) => {
  await registered('risk')
  const asked = { name: 'risk', version: '1', stage: 'Production', comment: 'please' }
  const request = await acc('POST', '/transition-requests/create', asked)
  t.match(request.fields, { request: { to_stage: 'Production' } }, request.text)
  const list = await prod('GET', '/transition-requests/list', { name: 'risk_acc', version: '1' })
  t.match(objectsOf(list.fields.requests)[0], { activity_type: 'REQUESTED_TRANSITION', to_stage: 'Production' }, list.text)
  const archiving = await prod('POST', '/transition-requests/approve', {
    ...asked,
    name: 'risk_acc',
    archive_existing_versions: true,
  })
  t.equal(archiving.code, 'PERMISSION_DENIED', 'not at the cost of other versions')
  const approved = await prod('POST', '/transition-requests/approve', {
    ...asked,
    name: 'risk_acc',
    archive_existing_versions: false,
  })
  t.match(approved.fields, { activity: { to_stage: 'Production' } }, approved.text)
  t.equal((await acc('GET', '/transition-requests/list', { name: 'risk', version: '1' })).code, 'PERMISSION_DENIED')
  t.equal((await acc('GET', '/model-versions/get', { name: 'risk', version: '1' })).code, 'PERMISSION_DENIED')
  const version = await prod('GET', '/model-versions/get', { name: 'risk_acc', version: '1' })
  t.match(version.fields, { model_version: { name: 'risk_acc', current_stage: 'Production' } })
})

t.test('a request is withdrawn by a query or a body', async (t) => {
  const asked = { name: 'fraud', version: '1', stage: 'Production' }
  t.equal((await acc('POST', '/transition-requests/create', asked)).status, 200)
  const refused = await acc('POST', '/transition-requests/reject', asked)
  t.equal(refused.code, 'PERMISSION_DENIED', 'an answer is the approver’s')
  const withdrawn = await acc('DELETE', '/transition-requests/delete', { ...asked, creator: 'client-acc' })
  t.match(withdrawn.fields, { activity: { activity_type: 'CANCELLED_REQUEST' } }, withdrawn.text)
  const tag = { name: 'fraud', key: 'team' }
  await acc('POST', '/registered-models/set-tag', { ...tag, value: 'x' })
  t.equal((await acc('DELETE', '/registered-models/delete-tag', tag)).status, 200, 'as the SDK sends it')
})

t.test('webhooks listen to one model of the environment', async (t) => {
  const hook = { events: ['MODEL_VERSION_CREATED'], http_url_spec: { url: 'http://127.0.0.1:1/' }, status: 'DISABLED' }
  t.equal((await acc('POST', '/registry-webhooks/create', hook)).code, 'INVALID_PARAMETER_VALUE', 'not to the whole registry')
  t.equal((await prod('POST', '/registry-webhooks/create', { ...hook, model_name: 'fraud_acc' })).code, 'PERMISSION_DENIED')
  const made = await acc('POST', '/registry-webhooks/create', { ...hook, model_name: 'fraud' })
  t.match(made.fields, { webhook: { model_name: 'fraud' } }, made.text)
  const wide = await outsider.ask('POST', '/api/2.0/mlflow/registry-webhooks/create', hook)
  const listed = await acc('GET', '/registry-webhooks/list')
  t.same(
    objectsOf(listed.fields.webhooks).map(({ model_name }) => model_name),
    ['fraud'],
    listed.text,
  )
  const id = text(objectOf(made.fields.webhook), 'id')
  const wideId = text(objectOf(wide.fields.webhook), 'id')
  for (const [ask, hookId, code] of [
    [prod, id, 'RESOURCE_DOES_NOT_EXIST'],
    [acc, wideId, 'RESOURCE_DOES_NOT_EXIST'],
    [acc, 'absent', 'RESOURCE_DOES_NOT_EXIST'],
    [acc, id, 'OK'],
  ] as const) {
    t.equal((await ask('PATCH', '/registry-webhooks/update', { id: hookId, description: 'x' })).code, code)
    t.equal((await ask('DELETE', '/registry-webhooks/delete', { id: hookId })).code, code)
  }
})

t.test('permissions by id are those of own models', async (t) => {
  const model = await acc('GET', '/databricks/registered-models/get', { name: 'fraud' })
  t.match(model.fields, { registered_model_databricks: { name: 'fraud' } }, model.text)
  const id = text(objectOf(model.fields.registered_model_databricks), 'id')
  const path = `/api/2.0/permissions/registered-models/${id}`
  t.equal((await acc('GET', path)).status, 200)
  t.equal((await acc('GET', `${path}/permissionLevels`)).status, 200)
  t.equal((await acc('GET', path.replace('/api/2.0/', '/api/2.0/preview/'))).status, 200)
  t.equal((await prod('GET', path)).code, 'RESOURCE_DOES_NOT_EXIST')
  const grant = { access_control_list: [{ group_name: 'users', permission_level: 'CAN_MANAGE' }] }
  t.equal((await acc('PATCH', path, grant)).code, 'PERMISSION_DENIED')
  await prod('POST', '/registered-models/create', { name: 'own' })
  const known = outsider.ask('GET', '/api/2.0/mlflow/databricks/registered-models/get', { name: 'own_prod' })
  const ownId = text(objectOf((await known).fields.registered_model_databricks), 'id')
  const changed = await prod('PATCH', `/api/2.0/permissions/registered-models/${ownId}`, {
    access_control_list: [{ group_name: 'users', permission_level: 'CAN_READ' }],
  })
  t.equal(changed.status, 200, `an id that the proxy never saw: ${changed.text}`)
})

t.test('searches send the one condition that the registry takes', async (t) => {
  const names = async (filter: string) => {
    const { fields, text } = await acc('GET', '/registered-models/search', filter === '' ? {} : { filter })
    return {
      names: objectsOf(fields.registered_models)
        .map(({ name }) => name)
        .sort(),
      text,
    }
  }
  t.same((await names('')).names, ['fraud', 'risk'])
  t.same((await names("name LIKE 'fra%'")).names, ['fraud'])
  t.same((await names("name = 'fraud'")).names, ['fraud'])
  t.same((await names("name LIKE '%own%'")).names, [])
  // As MLflow 3 sends every search of models.
  const noPrompt = "tag.`mlflow.prompt.is_prompt` != 'true'"
  t.same((await names(noPrompt)).names, ['fraud', 'risk'])
  t.same((await names(`name = 'fraud' AND ${noPrompt}`)).names, ['fraud'])
  for (const filter of [
    "name = 'own_prod'",
    "name LIKE 'own_prod'",
    "name LIKE '%_prod'",
    "name = 'x_prod_acc'",
    "name ILIKE '%PROD%'",
  ]) {
    for (const asked of [filter, `${filter} AND ${noPrompt}`]) {
      const { code, fields, text } = await acc('GET', '/registered-models/search', { filter: asked })
      t.same([code, fields], ['OK', {}], `${asked}: ${text}`)
    }
    const found = await acc('GET', '/model-versions/search', { filter })
    t.same([found.code, found.fields], ['OK', {}], `versions by ${filter}: ${found.text}`)
  }
  await acc('POST', '/registered-models/set-tag', { name: 'risk', key: 'tier', value: 'gold' })
  t.same((await names("tags.tier = 'gold'")).names, ['risk'])
  t.same((await names("tags.tier != 'gold'")).names, [], 'as MLflow has it: the tag must be there')
  t.same((await names("tags.tier LIKE 'g_l%' AND name LIKE '%i%'")).names, ['risk'])
  t.same((await names("tags.tier ILIKE 'GOLD' AND name = 'fraud'")).names, [])
  t.equal(
    (await acc('GET', '/registered-models/search', { filter: "name = 'a' AND run_id = 'b'" })).code,
    'INVALID_PARAMETER_VALUE',
  )
  const versions = await acc('GET', '/model-versions/search', { filter: "name='fraud'" })
  t.same(
    objectsOf(versions.fields.model_versions).map(({ name, version }) => [name, version]),
    [['fraud', '1']],
    versions.text,
  )
  const uri = await acc('GET', '/model-versions/get-download-uri', { name: 'fraud', version: '1' })
  t.same(uri.fields, { artifact_uri: 'mlflow-artifacts:/registry/fraud/1' })
  t.match(await acc('GET', '/registered-models/alias', { name: 'fraud', alias: 'x' }), { code: 'ENDPOINT_NOT_FOUND' })
})

t.test('callers with tokens for Databricks are in the groups that the workspace says', async (t) => {
  const own = await startInProcess({
    upstream: { url: workspace.url, kind: 'databricks', credentials: { mode: 'passthrough' } },
    authentication: { entra: { tenantId, audiences: [databricksAudience, issuer.audience], authority: authority.url } },
    environments: { acc: {}, prod: { production: true } },
  })
  t.teardown(() => own.close())
  const join = async (digit: number, member: object) => {
    const joined = await joinWorkspace(workspace, issuer, { objectId: oid(digit), name: `caller-${digit}`, ...member })
    return (path: string, fields: Fields = {}) => askWorkspace(own.url, 'GET', path, fields, joined.token)
  }
  const asked = (digit: number) =>
    workspace.calls().filter(({ path, caller }) => path.endsWith('/scim/v2/Me') && caller?.name === `caller-${digit}`).length
  const one = await join(4, { groups: ['admins'], indirectGroups: ['apps_acc'] })
  const many = await Promise.all(Array.from({ length: 8 }, () => one('/api/2.0/mlflow/registered-models/get', { name: 'fraud' })))
  t.match(many, Array(8).fill({ status: 200, fields: { registered_model: { name: 'fraud' } } }))
  t.match((await one('/-/whoami')).fields, {
    groups: ['admins', 'apps_acc'],
    groupsFrom: 'directory',
    environments: ['acc'],
  })
  t.equal((await one('/api/2.0/mlflow/registered-models/get', { name: 'own_prod' })).code, 'PERMISSION_DENIED')
  t.equal(asked(4), 1, 'asked once for all requests with one token')
  const nowhere = await (await join(5, { groups: ['other'] }))('/api/2.0/mlflow/registered-models/get', { name: 'fraud' })
  t.match(nowhere, { status: 403, text: /groups \(other\) belong to no environment/ })
  const gone = await (await join(6, { groups: ['apps_acc'], active: false }))('/-/whoami')
  t.match(gone, { status: 403, text: /not active there/ })
  const stranger = await issuer.token(databricksClaims({ objectId: oid(7), name: 'stranger' }, tenantId))
  t.match(await askWorkspace(own.url, 'GET', '/-/whoami', {}, stranger), {
    status: 403,
    text: /Databricks workspace refuses you/,
  })
  const before = workspace.calls().length
  const iss = `${authority.url}/${tenantId}/v2.0`
  const token = await issuer.token({ iss, roles: undefined, oid: oid(4) })
  t.match(await askWorkspace(own.url, 'GET', '/-/whoami', {}, token), { status: 200, fields: { environments: [], groups: [] } })
  t.equal(workspace.calls().length, before, 'a token for another audience goes to nobody')
})

t.test(
  'the Databricks SDK asks, answers, comments and reads permissions in two environments',
  { timeout: 100_000 },
  async (t) => {
    await registered('sdk')
    const before = workspace.calls().length
    const [token, PROD_TOKEN] = await Promise.all([tokenIn('acc'), tokenIn('prod')])
    const client = { environment: 'databricks', script: 'two_environments_client.py', host: app.databricksHost ?? '', token }
    const [seen] = await runDatabricksClient({ ...client, env: { STORY: 'sdk', PROD_TOKEN } })
    const no = 'PERMISSION_DENIED'
    const absent = 'RESOURCE_DOES_NOT_EXIST'
    t.same(seen, {
      asked: ['Production', 'please'],
      listed: [['REQUESTED_TRANSITION', 'Production']],
      'listed for the approver': [['REQUESTED_TRANSITION', 'Production']],
      'acc may not': {
        approve: no,
        reject: no,
        move: no,
        "ask for another's": no,
        'ask for no stage': 'INVALID_PARAMETER_VALUE',
      },
      'prod may not': { ask: no, comment: no, 'archive others': no, withdraw: no },
      'nothing moved': 'Staging',
      withdrawn: 'CANCELLED_REQUEST',
      rejected: 'REJECTED_REQUEST',
      comment: ['nice', no, no, no],
      model: ['sdk', 'sdk-own', no],
      permissions: {
        'of own': ['client-acc'],
        levels: 5,
        "of another's": [absent, absent, absent, absent],
        'changed in acc': no,
        'changed in prod': ['CAN_READ'],
      },
      webhook: ['sdk', ['sdk'], 'INVALID_PARAMETER_VALUE', no, absent, null],
      approved: ['APPROVED_REQUEST', 'Production'],
      afterwards: ['Production', no, no, no, no],
    })
    const heard = workspace.calls().slice(before)
    const changes = heard.filter(({ method, path }) => method !== 'GET' && !/experiments|runs/.test(path))
    const told = changes.map(
      ({ caller, method, path, status }) => `${caller?.name} ${method} ${path.split('/').slice(4).join('/')} ${status}`,
    )
    t.same(
      told.filter((line) => !/permissions|registered-models/.test(line)),
      [
        'client-acc POST transition-requests/create 200',
        'client-acc DELETE transition-requests/delete 200',
        'client-acc POST transition-requests/create 200',
        'client-prod POST transition-requests/reject 200',
        'client-acc POST comments/create 200',
        'client-acc POST registry-webhooks/create 200',
        'client-acc DELETE registry-webhooks/delete 200',
        'client-acc POST transition-requests/create 200',
        'client-prod POST transition-requests/approve 200',
      ],
      'and the workspace received only what was allowed',
    )
    t.equal(changes.filter(({ method }) => method === 'PATCH').length, 1, 'one change of permissions')
  },
)

t.test('a limit of the workspace is passed on as it is', async (t) => {
  workspace.setRates({ registry: 0, tracking: 1_000 })
  t.teardown(() => workspace.setRates({}))
  const busy = await acc('GET', '/registered-models/get', { name: 'fraud' })
  t.match(busy, { status: 429, code: 'REQUEST_LIMIT_EXCEEDED' })
  t.equal(busy.headers.get('retry-after'), '1')
  const lookUp = await acc('POST', '/model-versions/set-tag', { name: 'fraud', version: '1', key: 'a', value: 'b' })
  t.match(lookUp, { status: 429, code: 'REQUEST_LIMIT_EXCEEDED' }, 'also of a look-up')
  workspace.setRates({})
  const run = await acc('POST', '/runs/create', { experiment_id: '0' })
  const root = text(objectOf(objectOf(run.fields.run).info), 'artifact_uri').replace('mlflow-artifacts:/', '')
  const folder = `/api/2.0/mlflow-artifacts/artifacts?path=${encodeURIComponent(root)}`
  t.same((await acc('GET', folder)).fields, { files: [] }, 'whose the run is, is known from here on')
  workspace.setRates({ tracking: 0 })
  for (const address of [folder, `/api/2.0/mlflow-artifacts/artifacts/${root}/x`]) {
    const bytes = await acc('GET', address)
    t.match(bytes, { status: 429, code: 'REQUEST_LIMIT_EXCEEDED' }, `${address} ${bytes.text}`)
    t.equal(bytes.headers.get('retry-after'), '1', 'and of calls for artifacts')
  }
  t.match(workspace.calls().at(-1), { path: /credentials-for-read$/, status: 429 })
})

t.test('each environment has its principal, whose token is asked for once and logged never', async (t) => {
  t.same(authority.asked.map(({ client_id }) => client_id).sort(), ['client-acc', 'client-prod'])
  t.notMatch(app.logs(), /secret-of|eyJ/)
  const by = (environment: string) =>
    workspace.calls().filter(({ caller, path }) => caller?.name === `client-${environment}` && !path.includes('scim')).length
  t.ok(by('acc') > 0 && by('prod') > 0)
})
