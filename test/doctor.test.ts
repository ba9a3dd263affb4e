import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { runCommand } from '../src/commands/run-command.ts'
import { type Finding, findingCodes } from '../src/server/doctor/finding.ts'
import { startAuthority } from './fakes/authority.ts'
import { startGraph } from './fakes/graph.ts'
import { startIssuer, tenantId } from './fakes/issuer.ts'
import { startCluster } from './fakes/other-issuers.ts'
import { serveTokens } from './fakes/token-endpoints.ts'
import { type ReviewMood, startTokenReviews } from './fakes/token-reviews.ts'
import { databricksAudience, databricksClaims } from './fakes/workspace/authenticate.ts'
import { type Fields, objectOf, text } from './fakes/workspace/call.ts'
import { joinWorkspace } from './fakes/workspace/member.ts'
import { startWorkspace } from './fakes/workspace/start-workspace.ts'
import { listen } from './harness/listen.ts'
import { startMlflow } from './harness/mlflow-server.ts'

// One real MLflow: asked as it is, and as what is behind a workspace.
const [mlflow, issuer] = await Promise.all([startMlflow({ version: '3.17.2' }), startIssuer()])
const endpoints = serveTokens(issuer, [
  { clientId: 'client-acc', secret: 'right' },
  { clientId: 'client-prod', federated: { issuer, subject: 'pod', audience: 'workspace' } },
])
const workspace = await startWorkspace({ mlflow, issuer, storage: 'blob', oauth: endpoints.listener })
const oid = (digit: number) => `00000000-0000-4000-8000-00000000000${digit}`
const clients: Readonly<Record<string, string>> = { 'client-acc': oid(1), 'client-prod': oid(2), 'client-out': oid(8) }
const authority = await startAuthority(issuer, async ({ client_id = '', client_secret, scope = '' }) => {
  const objectId = clients[client_id]
  if (objectId === undefined || client_secret !== 'right') return null
  const aud = scope.replace(/\/\.default$/, '')
  return { token: await issuer.token({ ...databricksClaims({ objectId, name: client_id }, tenantId), aud }), seconds: 3_600 }
})
const folder = mkdtempSync(join(tmpdir(), 'doctor-'))
t.teardown(async () => {
  await workspace.close()
  await Promise.all([authority.close(), mlflow.close(), issuer.close()])
  rmSync(folder, { recursive: true })
})
writeFileSync(join(folder, 'right'), 'right')
writeFileSync(join(folder, 'wrong'), 'wrong')

// Those of the login are found in server/login/examine-login.test.ts.
const produced = new Set(['login', 'login-unreachable', 'login-client', 'login-redirect'])

/** What the doctor finds: the exit code, and each finding as `weight code environment`. */
async function examine(config: object, token?: string) {
  const file = join(folder, 'proxy.yaml')
  writeFileSync(file, stringify(config))
  if (token !== undefined) writeFileSync(join(folder, 'token'), token)
  const out: string[] = []
  const terminal = { out: (line: string) => void out.push(line), err: (line: string) => void out.push(line) }
  const caller = token === undefined ? [] : ['--token-file', join(folder, 'token')]
  const code = await runCommand(['doctor', '--config', file, '--json', ...caller], {}, terminal)
  t.notMatch(out.join(''), /eyJ|"right"/, 'no token and no secret is told')
  const answer: { problems: number; findings: Finding[] } = JSON.parse(out.join(''))
  const { findings } = answer
  for (const { code } of findings) produced.add(code)
  t.equal(code, answer.problems > 0 ? 1 : 0)
  t.same(
    findings.filter(({ weight, remedy }) => weight !== 'fine' && remedy === ''),
    [],
    'each says what to do',
  )
  return {
    code,
    findings,
    codes: findings.map(({ weight, code, environment }) => `${weight} ${code}${environment ? ` ${environment}` : ''}`),
  }
}

const entra = (audiences: readonly string[] = [issuer.audience]) => ({ tenantId, audiences, authority: authority.url })
const iss = `${authority.url}/${tenantId}/v2.0`

t.test('an open-source server: is it there, which one, and is it open to everybody?', async (t) => {
  const config = (changes: object = {}) => ({
    upstream: { url: mlflow.url, ...changes },
    authentication: { entra: entra() },
    environments: ['acc'],
  })
  const owned = ['fine owned', 'fine owned']
  t.same(await examine(config()), {
    code: 0,
    findings: (await examine(config())).findings,
    codes: ['fine issuer', 'fine version', 'note open', 'fine storage', ...owned],
  })
  writeFileSync(join(folder, 'upstream-token'), 'x')
  const credentials = { mode: 'token', file: 'upstream-token' }
  const asked = await examine(config({ credentials }))
  t.same(asked.codes, ['fine issuer', 'fine version', 'problem open', 'fine credentials', 'fine storage', ...owned])
  const gone = await examine(config({ url: 'http://127.0.0.1:1' }))
  t.same(gone.codes, ['fine issuer', 'problem upstream-unreachable'])
  const lost = await examine({ ...config(), authentication: { entra: { ...entra(), authority: 'http://127.0.0.1:1' } } })
  t.equal(lost.codes[0], 'problem issuer-unreachable')
  const other = await examine(config({ url: issuer.authority }))
  t.same(other.codes, ['fine issuer', 'note version-unknown', 'problem upstream-not-mlflow'])
  t.match(other.findings[2], { message: /does not answer as MLflow does: status 404 with 2 characters of / })
  const withToken = await examine(config({ url: issuer.authority, credentials }))
  t.same(withToken.codes, ['fine issuer', 'note version-unknown', 'problem upstream-not-mlflow'])
})

t.test('another program on the port of MLflow is called one, whatever it answers', async (t) => {
  const html = { 'content-type': 'text/html', server: 'nginx' }
  const answers: readonly (readonly [number, string, Record<string, string>, string, RegExp])[] = [
    [200, '<title>JupyterLab</title>', html, 'upstream-not-mlflow', /status 200 with 25 .* from nginx, the page “JupyterLab”\./],
    [200, '{"database":"ok"}', { 'content-type': 'application/json' }, 'upstream-not-mlflow', /status 200 with 17 characters/],
    [401, '{"message":"Unauthorized"}', { server: 'grafana' }, 'upstream-not-mlflow', /status 401 .* from grafana\./],
    [401, 'You are not authenticated. Please see', {}, 'credentials-refused', /requires credentials, but none are configured/],
    [403, '<title>403 Forbidden</title>', html, 'upstream-intermediary', /blocks this request \(403\)/],
  ]
  for (const [status, body, headers, code, message] of answers) {
    const server = createServer((_request, response) => response.writeHead(status, headers).end(body))
    const url = `http://127.0.0.1:${await listen(server)}`
    const { findings } = await examine({ upstream: { url }, authentication: { entra: entra() }, environments: ['acc'] })
    server.close()
    t.match(
      findings.filter(({ weight }) => weight === 'problem'),
      [{ code, message }],
      `${status} ${body}`,
    )
  }
})

t.test('the API server of a cluster is asked whether it reviews tokens', async (t) => {
  const [cluster, reviews] = await Promise.all([startCluster('ml', 'right'), startTokenReviews('nobody')])
  t.teardown(() => Promise.all([cluster.close(), reviews.close()]))
  const look = async (mood: ReviewMood) => {
    const tokenReview = { url: `${reviews.url}/`, tokenFile: 'right' }
    const keys = { keysUrl: `${cluster.address}/openid/v1/jwks`, tokenFile: 'right' }
    const issuers = [{ kind: 'kubernetes', issuer: cluster.address, audiences: ['mlflow'], ...keys, tokenReview }]
    reviews.mood = mood
    const { findings } = await examine({ upstream: { url: mlflow.url }, authentication: { issuers }, environments: ['acc'] })
    return findings
      .filter(({ code }) => code !== 'issuer' && code.startsWith('token'))
      .map(({ weight, message }) => `${weight}: ${message}`)
  }
  reviews.gone.add('doctor')
  t.match(await look({}), [/^fine: http:\/\/127\.0\.0\.1:[0-9]+ reviews tokens\.$/])
  t.match(await look({ status: 403 }), [/^problem: .* cannot be asked about tokens: .*system:auth-delegator/])
  t.match(await look({ status: 503 }), [/^problem: .* cannot be asked about tokens: it answered with status 503\.$/])
  reviews.gone.clear()
  t.match(await look({}), [/^problem: /], 'one that takes any text for a token')
})

t.test('the clocks of this machine and of the issuer are compared', async (t) => {
  t.teardown(() => issuer.setAnswer('keys'))
  const authentication = { entra: { ...entra(), authority: issuer.authority } }
  const config = { upstream: { url: 'http://127.0.0.1:1' }, authentication, environments: ['acc'] }
  const look = async (seconds: number, headers = {}) => {
    const date = new Date(Date.now() + seconds * 1_000).toUTCString()
    issuer.setAnswer({ body: JSON.stringify(issuer.keySet()), headers: { date, ...headers } })
    const { findings } = await examine(config)
    return findings.filter(({ code }) => code === 'clock').map(({ weight, message }) => `${weight}: ${message}`)
  }
  t.same(await look(0), [])
  t.match(await look(300), [/^problem: The clock of this machine is (299|300) s behind that of tenant .*not yet valid/])
  t.match(await look(-300), [/^problem: .* is 30[01] s ahead of .*before their end/])
  t.match(await look(30), [/^note: .* is (29|30) s behind/])
  t.same(await look(-600, { age: '600' }), [], 'a cache says how old its answer is')
})

t.test('what belongs to no environment is counted and named', async (t) => {
  const config = { upstream: { url: mlflow.url }, authentication: { entra: entra() }, environments: ['acc'] }
  const ask = async (method: string, path: string, body: object) => {
    const options = { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    return (await fetch(`${mlflow.url}/api/2.0/mlflow/${path}`, options)).json()
  }
  for (const name of ['legacy', 'fraud_acc', 'churn_prod']) await ask('POST', 'registered-models/create', { name })
  const { experiment_id } = await ask('POST', 'experiments/create', { name: 'old trials' })
  t.teardown(async () => {
    for (const name of ['legacy', 'fraud_acc', 'churn_prod']) await ask('DELETE', 'registered-models/delete', { name })
    await ask('POST', 'experiments/delete', { experiment_id })
  })
  const { code, findings } = await examine(config)
  t.equal(code, 0)
  const found = findings.filter((finding) => finding.code === 'unowned').map(({ message }) => message)
  t.match(found, [
    "2 of 3 models belong to no environment, so that no caller sees them: 'churn_prod', 'legacy'.",
    /^1 of \d+ experiments? belong to no environment, so that no caller sees them: 'old trials'\.$/,
  ])
})

t.test('the directory: can it be asked, and do the names of groups stand for one group each?', async (t) => {
  const graph = await startGraph()
  t.teardown(() => graph.close())
  const id = 'aaaaaaaa-0000-4000-8000-000000000001'
  graph.groups.push(
    { id, displayName: 'apps_acc', securityEnabled: true },
    { id: id.replace(/1$/, '2'), displayName: 'apps_prod', securityEnabled: true },
    { id: id.replace(/1$/, '3'), displayName: 'apps_prod', securityEnabled: true },
  )
  writeFileSync(join(folder, 'graph-token'), 'x')
  const credentials = { mode: 'token', file: 'graph-token' }
  const config = (environments: readonly string[]) => ({
    upstream: { url: mlflow.url },
    authentication: { entra: entra(), directory: 'graph', graph: { url: graph.url, credentials } },
    environments,
  })
  const good = await examine(config(['acc']))
  t.same(good.codes.slice(0, 2), ['fine issuer', 'fine directory'])
  t.match(good.findings[1], { message: `Microsoft Graph answers: apps_acc is ${id}.` })
  const twice = await examine(config(['acc', 'prod']))
  t.match(
    twice.findings.find(({ code }) => code === 'group-name'),
    { weight: 'problem', message: /`apps_prod` is the name of 2 groups \(.*\); write the object id of the one you mean\./ },
  )
  graph.mood = { status: 403 }
  const refused = await examine(config(['acc']))
  t.match(
    refused.findings.find(({ code }) => code === 'directory-unreachable'),
    { weight: 'problem', message: /denies the proxy access to groups.*GroupMember\.Read\.All/ },
  )
})

t.test('what answers in MLflow’s place, and MLflow’s own middleware, are no matter of credentials', async (t) => {
  const texts = { middleware: 'Invalid Host header - possible DNS rebinding attack detected', firewall: '<h1>Forbidden</h1>' }
  let text = texts.middleware
  const server = createServer((_request, response) => response.writeHead(403).end(text))
  await listen(server)
  t.teardown(() => server.close())
  const address = server.address()
  const url = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`
  for (const credentials of [{ mode: 'none' }, { mode: 'basic', username: 'proxy', passwordFile: 'right' }]) {
    const config = { upstream: { url, credentials }, authentication: { entra: entra() }, environments: ['acc'] }
    text = texts.middleware
    const { findings } = await examine(config)
    t.match(
      findings.filter(({ weight }) => weight === 'problem'),
      [{ code: 'upstream-refuses', message: /Invalid Host header/, remedy: /--allowed-hosts/ }],
    )
    text = texts.firewall
    const other = await examine(config)
    t.match(
      other.findings.filter(({ weight }) => weight === 'problem'),
      [{ code: 'upstream-intermediary', message: /firewall or gateway/, remedy: /networks\.md/ }],
    )
  }
})

t.test('an open-source server: locations that clients reach on their own', async (t) => {
  const make = async (name: string, artifact_location: string) => {
    const body = JSON.stringify({ name, artifact_location })
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
    const made = await fetch(`${mlflow.url}/api/2.0/mlflow/experiments/create`, init)
    return objectOf(await made.json())
  }
  const made = [await make('lake', 's3://bucket/x'), await make('disk', '/tmp/somewhere')]
  const { findings, code } = await examine({
    upstream: { url: mlflow.url },
    authentication: { entra: entra() },
    environments: ['acc'],
  })
  t.equal(code, 0, 'notes alone')
  const found = findings.filter((each) => each.code === 'storage-direct')
  t.match(found, [
    { message: /at file:/, remedy: /own disk/ },
    { message: /at s3:/, remedy: /permissions of its own/ },
  ])
  for (const { experiment_id } of made) {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ experiment_id }) }
    await fetch(`${mlflow.url}/api/2.0/mlflow/experiments/delete`, init)
  }
})

t.test('a caller of an open-source server: what the proxy makes of them', async (t) => {
  const config = { upstream: { url: mlflow.url }, authentication: { entra: entra() }, environments: ['acc'] }
  const codes = async (claims: object) => (await examine(config, await issuer.token({ iss, ...claims }))).codes.slice(6)
  t.same(await codes({}), ['fine caller'])
  t.same(await codes({ roles: ['other'] }), ['problem caller-nowhere'])
  t.same(await codes({ aud: 'api://other' }), ['problem caller-refused'])
})

const principal = (name: string, secret = 'right') => ({
  mode: 'servicePrincipal',
  clientId: `client-${name}`,
  clientSecretFile: secret,
})
const workspaceConfig = (changes: object = {}, credentials: object = principal('acc')) => ({
  upstream: { url: workspace.url, kind: 'databricks', credentials },
  authentication: { entra: entra() },
  environments: { acc: {}, prod: { production: true, promotesFrom: ['acc'], credentials: principal('prod') } },
  ...changes,
})
const acc = await joinWorkspace(workspace, issuer, { objectId: oid(1), name: 'client-acc' })
await joinWorkspace(workspace, issuer, { objectId: oid(2), name: 'client-prod' })
const admin = await joinWorkspace(workspace, issuer, { objectId: oid(3), name: 'boss', groups: ['admins'] })

/** What an admin does, and what comes of it. */
async function arrange(method: string, path: string, fields: Fields = {}) {
  const given = await admin.ask(method, `/api/2.0${path}`, fields)
  if (given.status !== 200) throw new Error(`${method} ${path}: ${given.text}`)
  return given.fields
}
const may = (kind: 'group_name' | 'service_principal_name' | 'user_name', name: string, permission_level: string) => ({
  [kind]: name,
  permission_level,
})
async function folderId(path: string): Promise<string> {
  return String((await arrange('GET', '/workspace/get-status', { path })).object_id)
}
t.test('credentials for a workspace: can they be had, are they for it, does it know them?', async (t) => {
  const codesOf = async (config: object, token?: string) =>
    (await examine(config, token)).codes.filter((code) => /credential|audience/.test(code))
  const alone = (credentials: object) => workspaceConfig({ environments: ['acc'] }, credentials)
  t.same(await codesOf(workspaceConfig()), ['fine credentials', 'fine credentials prod'])
  t.same(await codesOf(alone(principal('acc', 'wrong'))), ['problem credentials-missing'])
  const missing = (await examine(alone(principal('acc', 'wrong')))).findings.find(({ weight }) => weight === 'problem')
  t.match(missing, { message: /client-acc are not available: the issuer answers invalid_client \(AADSTS7000215\)/ })
  t.same(await codesOf(alone({ ...principal('acc'), scope: 'api://other/.default' })), ['problem credentials-audience'])
  t.same(await codesOf(alone(principal('out'))), ['problem credentials-refused'], 'nobody in the workspace')
  t.same(await codesOf(alone({ mode: 'none' })), ['problem credentials-refused'])
  t.same(await codesOf(alone({ mode: 'passthrough' })), ['problem callers-audience', 'note credentials-untried'])
  const passed = { authentication: { entra: entra([databricksAudience]) }, environments: ['acc'] }
  t.same(await codesOf(workspaceConfig(passed, { mode: 'passthrough' }), acc.token), ['fine credentials'])
})

t.test('tokens that the workspace itself issues', async (t) => {
  const found = async (credentials: object, token?: string) => {
    const config = workspaceConfig({ environments: ['acc'] }, { issuer: 'databricks', ...credentials })
    const { findings } = await examine(config, token)
    const about = findings.filter(({ code }) => code.startsWith('credentials'))
    return about.map(({ weight, code, message }) => `${weight} ${code}: ${message}`)
  }
  const principal = (clientSecretFile: string) => ({ mode: 'servicePrincipal', clientId: 'client-acc', clientSecretFile })
  t.match(await found(principal('right')), [/^fine credentials: .* client-acc are accepted, as client-acc/])
  t.match(await found(principal('wrong')), [/^problem credentials-missing: .* the issuer answers invalid_client\.$/])
  const pod = async (sub: string) => {
    writeFileSync(join(folder, 'projected'), await issuer.token({ sub, aud: 'workspace' }))
    return found({ mode: 'workloadIdentity', clientId: 'client-prod', tokenFile: 'projected' })
  }
  t.match(await pod('pod'), [/^fine credentials: .* client-prod are accepted/])
  t.match(await pod('another'), [/^problem credentials-missing: .* the issuer answers invalid_client/])
  t.match(await found({ mode: 'onBehalfOf' }), [/^note credentials-untried/])
  const caller = (more: object) => issuer.token({ iss, preferred_username: 'boss', roles: ['apps_acc'], ...more })
  t.match(await found({ mode: 'onBehalfOf' }, await caller({})), [/^fine credentials: .* are accepted, as boss/])
  t.match(await found({ mode: 'onBehalfOf' }, await caller({ aud: 'api://other' })), [
    /^problem credentials-missing: .* does not exchange your token: invalid_grant/,
  ])
})

t.test('groups and folders of a workspace: there, and for those who work in them alone', async (t) => {
  const about = async (config: object, token?: string) =>
    (await examine(config, token)).codes.filter((code) => /group|folder/.test(code))
  const root = `/permissions/directories/${await folderId('/')}`
  await arrange('PUT', root, { access_control_list: [may('group_name', 'users', 'CAN_READ')] })
  t.same(await about(workspaceConfig()), [
    'note group-missing acc',
    'note group-missing prod',
    'note folder-missing acc',
    'note folder-missing prod',
  ])
  const passing = { authentication: { entra: entra([databricksAudience]), directory: 'none' }, environments: ['acc'] }
  t.same(
    await about(workspaceConfig(passing, { mode: 'passthrough' }), admin.token),
    ['problem group-missing acc', 'problem folder-missing acc'],
    'where callers need them themselves',
  )
  await arrange('PUT', root, { access_control_list: [] })
  const decides = { authentication: { entra: entra([databricksAudience]), directory: 'databricks' } }
  t.ok((await about(workspaceConfig(decides))).includes('problem group-missing acc'), 'groups that decide must be there')
  workspace.add({ objectId: oid(4), name: 'both', groups: ['apps_acc', 'apps_prod'] })
  for (const name of ['acc', 'prod']) await arrange('POST', '/workspace/mkdirs', { path: `/experiments/${name}` })
  t.same(await about(workspaceConfig()), [
    'fine group acc',
    'fine group prod',
    'problem folder-too-narrow acc',
    'problem folder-too-narrow prod',
  ])
  t.ok((await about(workspaceConfig(decides))).includes('note group-local acc'))
  const found = async (list: readonly object[], config: object = workspaceConfig(), token?: string) => {
    const access_control_list = [may('service_principal_name', 'boss', 'CAN_MANAGE'), ...list]
    await arrange('PUT', `/permissions/directories/${await folderId('/experiments/acc')}`, { access_control_list })
    const { findings } = await examine(config, token)
    const about = findings.filter(({ code, environment }) => code.startsWith('folder') && environment === 'acc')
    return about.flatMap(({ weight, code, message }) => (message.includes('boss') ? [] : [`${weight} ${code}: ${message}`]))
  }
  const own = may('service_principal_name', 'client-acc', 'CAN_MANAGE')
  const group = (name: string, level: string) => may('group_name', name, level)
  t.same(await found([own, group('apps_acc', 'CAN_READ'), group('apps_prod', 'CAN_READ')]), [], 'who may read may read')
  t.match(await found([own, group('users', 'CAN_READ')]), [/^note folder-read: .*the group users holds CAN_READ/])
  t.match(await found([own, group('apps_acc', 'CAN_EDIT')]), [/^problem folder-too-wide: .*apps_acc holds CAN_EDIT/])
  t.match(await found([own, may('user_name', 'eve', 'CAN_MANAGE')]), [
    /^problem folder-too-wide: .*the user eve holds CAN_MANAGE/,
  ])
  t.match(await found([may('service_principal_name', 'client-acc', 'CAN_READ')]), [
    /^problem folder-too-narrow: client-acc cannot create experiments/,
  ])
  const passed = workspaceConfig(
    {
      authentication: { entra: entra([databricksAudience]) },
      environments: { acc: {}, prod: { production: true, promotesFrom: ['acc'] } },
    },
    { mode: 'passthrough' },
  )
  t.same(await found([group('apps_acc', 'CAN_MANAGE'), group('apps_prod', 'CAN_READ')], passed, admin.token), [])
  t.match(await found([group('apps_prod', 'CAN_EDIT'), group('apps_acc', 'CAN_MANAGE')], passed, admin.token), [
    /too-wide: .*apps_prod/,
  ])
  await arrange('PUT', `/permissions/directories/${await folderId('/experiments/acc')}`, {
    access_control_list: [may('service_principal_name', 'boss', 'CAN_MANAGE'), own],
  })
})

t.test('models of a workspace, and what a caller could do with them without the proxy', async (t) => {
  const model = async (name: string) => {
    await arrange('POST', '/mlflow/registered-models/create', { name })
    const { registered_model_databricks: made } = await arrange('GET', '/mlflow/databricks/registered-models/get', { name })
    const id = text(objectOf(made), 'id')
    const boss = may('service_principal_name', 'boss', 'CAN_MANAGE')
    return (...list: object[]) => arrange('PUT', `/permissions/registered-models/${id}`, { access_control_list: [boss, ...list] })
  }
  const open = await model('fraud_acc')
  const openProd = await model('fraud_prod')
  const own = may('service_principal_name', 'client-acc', 'CAN_MANAGE')
  await openProd(may('service_principal_name', 'client-prod', 'CAN_MANAGE'))
  const caller = await joinWorkspace(workspace, issuer, { objectId: oid(5), name: 'caller', groups: ['apps_acc'] })
  const found = async (list: readonly object[], config: object = workspaceConfig(), token?: string) => {
    await open(own, ...list)
    const { findings } = await examine(config, token)
    const about = findings.filter(({ code }) => /^model|^caller/.test(code) && code !== 'models')
    return about.flatMap(({ weight, code, message }) => (message.includes('boss') ? [] : [`${weight} ${code}: ${message}`]))
  }
  t.same(await found([may('group_name', 'apps_acc', 'CAN_READ')]), [])
  t.match(await found([may('group_name', 'users', 'CAN_READ')]), [
    /^note model-read: On 1 of 1 models the group users holds CAN_READ: fraud_acc/,
  ])
  t.match(await found([may('user_name', 'maker', 'CAN_MANAGE')]), [
    /^problem model-too-wide: .*the user maker holds CAN_MANAGE: fraud_acc/,
  ])
  t.match(await found([may('group_name', 'apps_acc', 'CAN_MANAGE_STAGING_VERSIONS')]), [/^problem model-too-wide/])
  t.same(await found([may('service_principal_name', 'client-prod', 'CAN_MANAGE_PRODUCTION_VERSIONS')]), [], 'who promotes')
  const passed = workspaceConfig(
    {
      authentication: { entra: entra([databricksAudience]) },
      environments: { acc: {}, prod: { production: true, promotesFrom: ['acc'] } },
    },
    { mode: 'passthrough' },
  )
  const staging = may('group_name', 'apps_acc', 'CAN_MANAGE_STAGING_VERSIONS')
  const withoutOwn = async (token: string, ...list: object[]) => {
    await found(list, passed, token)
    await open(...list)
    const { findings } = await examine(passed, token)
    const others = findings.filter(({ code, message }) => /^(model|caller)/.test(code) && !message.includes('boss'))
    return others.map(({ weight, code, environment }) => `${weight} ${code}${environment === null ? '' : ` ${environment}`}`)
  }
  t.same(await withoutOwn(caller.token, staging), ['fine models prod', 'fine caller', 'note caller-inside'])
  const maker = may('service_principal_name', 'caller', 'CAN_MANAGE')
  t.same(await withoutOwn(caller.token, staging, maker), [
    'problem model-too-wide acc',
    'fine models prod',
    'fine caller',
    'problem caller-around acc',
  ])
  const boss = await withoutOwn(admin.token)
  t.ok(boss.includes('problem caller-nowhere') && boss.includes('problem caller-admin'), boss.join())
  const stranger = await issuer.token({ iss, roles: ['apps_acc'] })
  const shut = (await examine(workspaceConfig(), stranger)).codes.filter((code) => code.includes(' caller'))
  t.same(shut, ['fine caller', 'fine caller-shut'], 'a token for the proxy opens nothing else')
})

/** What a server answers to a path: a status and a body, or null for a connection that breaks off. */
type Script = Readonly<Record<string, readonly [status: number, body: unknown] | null>>

/** A server that does by the script what no honest one can be brought to; whoever has no credentials is turned away. */
async function startScripted(script: Script) {
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? ''
    const answer = path in script ? script[path] : ([404, { error_code: 'RESOURCE_DOES_NOT_EXIST' }] as const)
    if (answer == null) return void request.socket.destroy()
    const [status, body] = request.headers.authorization === undefined && path !== '/version' ? [401, {}] : answer
    response.writeHead(status, { 'content-type': 'application/json' }).end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  await listen(server)
  const address = server.address()
  return { server, url: `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}` }
}

const scim = '/api/2.0/preview/scim/v2'
const me = [200, { userName: 'client-acc', groups: [] }] as const
const group = { displayName: 'apps_acc' }
const status = '/api/2.0/workspace/get-status'
const permissions = '/api/2.0/permissions/directories/7'
const own = { service_principal_name: 'client-acc', all_permissions: [{ permission_level: 'CAN_MANAGE' }] }
const forbidden = [403, { error_code: 'PERMISSION_DENIED' }] as const
const catalog = '/api/2.1/unity-catalog'
const schemaGrants = `${catalog}/effective-permissions/schema/acc.ml`
const modelGrants = `${catalog}/permissions/function/acc.ml.fraud`
const grants = (principal: string, ...privileges: (string | object)[]) =>
  [200, { privilege_assignments: [{ principal, privileges }] }] as const
const inherited = (privilege: string) => ({ privilege, inherited_from_type: 'CATALOG', inherited_from_name: 'acc' })
const inSchema = {
  [`${scim}/Me`]: me,
  [`${catalog}/schemas/acc.ml`]: [200, { owner: 'client-acc' }],
  [schemaGrants]: grants('client-acc', 'CREATE_MODEL', 'USE_SCHEMA'),
  [`${catalog}/models`]: [200, { registered_models: [{ full_name: 'acc.ml.fraud', owner: 'client-acc' }] }],
  [modelGrants]: grants('client-acc', 'EXECUTE'),
} as const
/** What a workspace, with models in Unity Catalog or not, or an open-source server, answers, and one thing that is found then. */
const scripted: readonly (readonly [kind: 'databricks' | 'catalog' | 'mlflow', script: Script, found: string])[] = [
  ['mlflow', { '/version': [200, '99.0.0'] }, 'note version-untried'],
  ['databricks', { [`${scim}/Me`]: me, [`${scim}/Groups`]: forbidden }, 'note group-unchecked acc'],
  ['databricks', { [`${scim}/Me`]: me, [`${scim}/Groups`]: [200, { Resources: [group, group] }] }, 'problem group-ambiguous acc'],
  ['databricks', { [`${scim}/Me`]: me, [`${scim}/Groups`]: null }, 'problem check-failed'],
  [
    'databricks',
    { [`${scim}/Me`]: me, [status]: [200, { object_id: 7 }], [permissions]: forbidden },
    'note folder-unchecked acc',
  ],
  [
    'databricks',
    { [`${scim}/Me`]: me, [status]: [200, { object_id: 7 }], [permissions]: [200, { access_control_list: [own] }] },
    'fine folder acc',
  ],
  ['databricks', { [`${scim}/Me`]: me, '/api/2.0/mlflow/registered-models/search': forbidden }, 'note models-unchecked acc'],
  ['catalog', inSchema, 'fine models acc'],
  ['catalog', { [`${scim}/Me`]: me }, 'problem schema-missing acc'],
  ['catalog', { ...inSchema, [schemaGrants]: grants('account users', inherited('EXECUTE')) }, 'note model-read acc'],
  [
    'catalog',
    { ...inSchema, [schemaGrants]: grants('account users', inherited('ALL_PRIVILEGES')) },
    'problem model-too-wide acc',
  ],
  ['catalog', { ...inSchema, [schemaGrants]: grants('account users', 'USE_SCHEMA', 'SELECT', 'BROWSE') }, 'fine models acc'],
  ['catalog', { ...inSchema, [schemaGrants]: grants('apps_acc', 'EXECUTE') }, 'fine models acc'],
  ['catalog', { ...inSchema, [schemaGrants]: grants('apps_acc', 'CREATE MODEL') }, 'problem model-too-wide acc'],
  ['catalog', { ...inSchema, [modelGrants]: grants('maker@example.com', 'MANAGE') }, 'problem model-too-wide acc'],
  ['catalog', { ...inSchema, [`${catalog}/schemas/acc.ml`]: [200, { owner: 'boss@example.com' }] }, 'note schema-owner acc'],
  ['catalog', { ...inSchema, [modelGrants]: forbidden }, 'note models-unchecked acc'],
]

t.test('what no honest server can be brought to', async (t) => {
  writeFileSync(join(folder, 'upstream-token'), 'x')
  const credentials = { mode: 'token', file: 'upstream-token' }
  for (const [kind, script, found] of scripted) {
    const { server, url } = await startScripted(script)
    const directory = kind === 'mlflow' ? {} : { directory: 'databricks' }
    const registry = kind === 'catalog' ? { registry: 'unityCatalog' } : {}
    const audiences = [databricksAudience]
    const config = {
      upstream: { url, kind: kind === 'catalog' ? 'databricks' : kind, credentials, ...registry },
      authentication: { entra: entra(audiences), ...directory },
      environments: { acc: kind === 'catalog' ? { unityCatalogSchema: 'acc.ml' } : {} },
    }
    const { codes } = await examine(config)
    t.ok(codes.includes(found), `${found} in ${codes.join(', ')}`)
    server.closeAllConnections()
    server.close()
  }
  const { server, url } = await startScripted({ '/api/2.0/mlflow/experiments/get': [200, { experiment: {} }] })
  const config = { upstream: { url, credentials }, authentication: { entra: entra() }, environments: ['acc'] }
  const { codes } = await examine(config, await issuer.token({ iss }))
  t.ok(codes.includes('problem caller-around'), 'an open-source server that takes the tokens of callers')
  server.closeAllConnections()
  server.close()
})

t.test('a workspace that lets nobody in from here, or lacks the registry that is configured', async (t) => {
  workspace.fail(/./, 'privateLink')
  const locked = await examine(workspaceConfig())
  t.same(locked.codes, ['fine issuer', 'problem upstream-network'])
  t.match(locked.findings[1], { message: /Private Link/, remedy: /private endpoint/ })
  workspace.fail(null)
  const shut = await startWorkspace({ mlflow, issuer, storage: 'blob', workspaceRegistry: 'disabled' })
  t.teardown(() => shut.close())
  for (const [name = '', objectId = ''] of Object.entries(clients)) shut.add({ objectId, name, groups: ['admins'] })
  const { upstream, ...rest } = workspaceConfig()
  const absent = async (changes: object, environments: object) => {
    const { findings } = await examine({ ...rest, upstream: { ...upstream, url: shut.url, ...changes }, environments })
    return findings.find(({ code }) => code === 'registry-absent')
  }
  t.match(await absent({}, { acc: {} }), { weight: 'problem', message: /disabled/, remedy: /registry: unityCatalog/ })
  const catalog = await absent({ registry: 'unityCatalog' }, { acc: { unityCatalogSchema: 'main.acc' } })
  t.match(catalog, { weight: 'problem', message: /no metastore/, remedy: /registry: workspace/ })
})

t.test('for people: problems first, each with what to do; and a wrong command line', async (t) => {
  const file = join(folder, 'people.yaml')
  writeFileSync(
    file,
    stringify({ upstream: { url: 'http://127.0.0.1:1' }, authentication: { entra: entra() }, environments: ['acc'] }),
  )
  const run = async (...args: string[]) => {
    let said = ''
    const write = (line: string) => {
      said += line
    }
    const code = await runCommand(['doctor', ...args], {}, { out: write, err: write })
    return { code, said }
  }
  t.match(await run('-c', file), {
    code: 1,
    said: /^PROBLEM {2}There is no answer from http:\/\/127\.0\.0\.1:1: .+\n {9}Check upstream\.url.+\nok .+\n\n1 problem, 0 notes\n$/,
  })
  t.match(await run(), { code: 2, said: /^mlflow-env-proxy: .*--config.*\n\nUsage: mlflow-env-proxy doctor/ })
  t.match(await run('-c', file, '--wrong'), { code: 2 })
  t.match(await run('-c', file, '--token-file', join(folder, 'absent')), { code: 2, said: /absent/ })
  t.match(await run('-c', join(folder, 'absent')), { code: 1 })
})

t.test('every finding that there may be was found above, and stands in the documentation', async (t) => {
  // Those of the login are found in test/server/login/examine-login.test.ts.
  t.same(
    findingCodes.filter((code) => !produced.has(code) && !code.startsWith('login')),
    [],
  )
  const text = readFileSync(new URL('../docs/doctor.md', import.meta.url), 'utf8')
  const fine = [
    'issuer',
    'directory',
    'login',
    'workspace',
    'version',
    'closed',
    'storage',
    'credentials',
    'group',
    'folder',
    'models',
    'owned',
    'caller',
    'caller-shut',
    'login',
  ]
  t.same(
    findingCodes.filter((code) => !fine.includes(code) && !text.includes(`\`${code}\``)),
    [],
  )
})
