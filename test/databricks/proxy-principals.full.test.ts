import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { startAuthority } from '../fakes/authority.ts'
import { startIssuer, type TokenOptions, tenantId } from '../fakes/issuer.ts'
import { databricksAudience, databricksClaims } from '../fakes/workspace/authenticate.ts'
import { objectOf, text } from '../fakes/workspace/call.ts'
import { plentyOfRates } from '../fakes/workspace/guarded-workspace.ts'
import { askWorkspace } from '../fakes/workspace/member.ts'
import { startWorkspace } from '../fakes/workspace/start-workspace.ts'
import { startInProcess } from '../harness/app.ts'
import { ask, finish, MiB, put, readDigest } from '../harness/artifact-stream.ts'
import { startMlflow } from '../harness/mlflow-server.ts'

// Artifacts in a data lake, fetched by one service principal for each environment; preprod has everybody's.
const [mlflow, issuer] = await Promise.all([startMlflow({ version: '3.17.2' }), startIssuer()])
let signatureSeconds = 3_600
const workspace = await startWorkspace({ mlflow, issuer, storage: 'adls', credentialSeconds: () => signatureSeconds })

/** How the tokens of one application differ from good ones. */
interface Flaw {
  readonly claims?: () => Record<string, unknown>
  readonly options?: TokenOptions
  /** Its secret is not the one that Entra knows. */
  readonly refused?: true
}

const flaws = new Map<string, Flaw>()
/** Environments whose principal does not get into the workspace. */
const outside = ['nosecret', 'stranger', 'audience', 'forged'] as const
const names = ['client-acc', 'client-prod', 'client-all', 'client-short', ...outside.map((name) => `client-${name}`)]
const memberOf = (name: string) => ({
  objectId: `00000000-0000-4000-8000-00000000000${names.indexOf(name)}`,
  name,
  groups: ['admins'],
})
for (const name of names) if (name !== 'client-stranger') workspace.add(memberOf(name))
const authority = await startAuthority(issuer, async ({ client_id: name = '' }) => {
  const { claims = () => ({}), options, refused } = flaws.get(name) ?? {}
  if (refused) return null
  return { token: await issuer.token({ ...databricksClaims(memberOf(name), tenantId), ...claims() }, options), seconds: 3_600 }
})
const principal = (name: string) => ({ mode: 'servicePrincipal', clientId: `client-${name}`, clientSecretFile: 'secret' })
const storage = new URL(workspace.storage.sign('x', 'read', 60)).host
const app = await startInProcess(
  {
    upstream: {
      url: workspace.url,
      kind: 'databricks',
      credentials: principal('all'),
      storageHosts: [storage],
      rates: plentyOfRates,
    },
    authentication: { entra: { tenantId, audiences: [issuer.audience, databricksAudience], authority: authority.url } },
    environments: {
      acc: { credentials: principal('acc') },
      preprod: {},
      prod: { production: true, promotesFrom: ['acc'], credentials: principal('prod') },
      own: { credentials: { mode: 'passthrough' } },
      short: { credentials: principal('short') },
      ...Object.fromEntries(outside.map((name) => [name, { credentials: principal(name) }])),
    },
  },
  { files: { secret: 'hunter2' } },
)
t.teardown(async () => {
  await app.close()
  await workspace.close()
  await Promise.all([authority.close(), mlflow.close(), issuer.close()])
})

const tokenFor = (environment: string) =>
  issuer.token({ iss: `${authority.url}/${tenantId}/v2.0`, roles: [`apps_${environment}`] })

/** A new run of an environment, and the way to its artifacts. */
async function makeRun(environment: string) {
  const token = await tokenFor(environment)
  const made = await askWorkspace(app.url, 'POST', '/api/2.0/mlflow/runs/create', { experiment_id: '0' }, token)
  const uri = text(objectOf(objectOf(made.fields.run).info), 'artifact_uri')
  return { proxy: app, token, store: `/api/2.0/mlflow-artifacts/artifacts${uri.replace('mlflow-artifacts:', '')}`, uri }
}

/** Who asked the workspace for artifacts since so many calls. */
function askers(before: number): (string | undefined)[] {
  const asked = workspace.calls().slice(before)
  const about = asked.filter(({ path }) => /\/artifacts\/|-artifacts$|signed-download/.test(path))
  return [...new Set(about.map(({ caller }) => caller?.name))]
}

t.test('bytes, listings and copies are asked for by the principal of the environment', async (t) => {
  for (const [environment, name] of [
    ['acc', 'client-acc'],
    ['preprod', 'client-all'],
    ['prod', 'client-prod'],
  ] as const) {
    const before = workspace.calls().length
    const run = await makeRun(environment)
    t.equal((await put(run, 'model/MLmodel', Buffer.from(environment))).status, 200)
    t.equal((await finish(ask(run, 'GET', 'model/MLmodel').end())).body, environment)
    const folder = `${new URLSearchParams({ path: run.uri.replace('mlflow-artifacts:/', '') })}`
    const list = { ...run, store: run.store.replace(/\/artifacts\/\d.*$/, `/artifacts?${folder}`) }
    const listed = await fetch(`${app.url}${list.store}`, { headers: { authorization: `Bearer ${run.token}` } })
    t.match(await listed.json(), { files: [{ path: 'model', is_dir: true }] })
    t.same(askers(before), [name], environment)
  }
  t.equal(authority.asked.length, 3, 'each asked once for its token')
})

t.test("what prod promotes from acc is read by prod's principal", async (t) => {
  const run = await makeRun('acc')
  await put(run, 'model/MLmodel', Buffer.from('flavors: {}'))
  const call = async (environment: string, path: string, fields: object) =>
    askWorkspace(app.url, 'POST', `/api/2.0/mlflow${path}`, { ...fields }, await tokenFor(environment))
  await call('acc', '/registered-models/create', { name: 'fraud' })
  const made = await call('acc', '/model-versions/create', { name: 'fraud', source: `${run.uri}/model` })
  t.equal(made.status, 200, made.text)
  const copy = { proxy: app, token: await tokenFor('prod'), store: '/api/2.0/mlflow-artifacts/artifacts/registry/fraud_acc/1' }
  const before = workspace.calls().length
  const read = () => finish(ask(copy, 'GET', 'MLmodel').end())
  for (let tries = 0; tries < 50 && (await read()).status !== 200; tries++) await sleep(50)
  t.equal((await read()).body, 'flavors: {}')
  t.same(askers(before), ['client-prod'])
})

t.test('an upload outlives the token and the signature that it began with', async (t) => {
  const soon = () => ({ exp: Math.floor(Date.now() / 1000) + 3 })
  flaws.set('client-short', { claims: soon })
  signatureSeconds = 2
  t.teardown(() => {
    signatureSeconds = 3_600
    flaws.clear()
  })
  const run = await makeRun('short')
  const before = authority.asked.length
  const part = Buffer.alloc(9 * MiB, 'x')
  const asked = ask(run, 'PUT', 'slow.bin', { 'content-length': String(2 * part.length) })
  const done = finish(asked)
  asked.write(part)
  await sleep(4_500)
  flaws.clear()
  asked.end(part)
  t.match(await done, { status: 200 })
  t.equal(authority.asked.length - before, 1, 'one token more')
  t.equal((await readDigest(run, 'slow.bin')).bytes, 2 * part.length)
})

t.test('where the principal does not get in, the caller is told so, and nothing is sent again and again', async (t) => {
  flaws.set('client-nosecret', { refused: true })
  flaws.set('client-audience', { claims: () => ({ aud: 'https://graph.microsoft.com' }) })
  flaws.set('client-forged', { options: { sign: () => Buffer.from('no signature') } })
  const wanted = {
    nosecret: [503, /cannot get credentials for MLflow/],
    stranger: [501, /MLflow refuses the proxy \(status 403\)/],
    audience: [501, /MLflow refuses the proxy \(status 400\)/],
    forged: [501, /MLflow refuses the proxy \(status 403\)/],
  } as const
  const store = `/api/2.0/mlflow-artifacts/artifacts/1/${'a'.repeat(32)}/artifacts`
  for (const environment of outside) {
    const ingress = { proxy: app, token: await tokenFor(environment), store }
    const [calls, asked] = [workspace.calls().length, authority.asked.length]
    for (const method of ['PUT', 'GET']) {
      const request = ask(ingress, method, 'x.bin')
      request.end(method === 'PUT' ? Buffer.alloc(100_000) : undefined)
      const { status, body } = await finish(request)
      t.match([status, JSON.parse(body).message], wanted[environment], `${environment}: ${method} ${status} ${body}`)
      t.notMatch(body, /eyJ|hunter2|<html|client-/, 'and nothing else')
    }
    t.ok(workspace.calls().length - calls <= 4, `${environment}: ${workspace.calls().length - calls} requests`)
    t.ok(authority.asked.length - asked <= 2, `${environment}: ${authority.asked.length - asked} tokens`)
  }
  t.notMatch(app.logs(), /eyJ|hunter2|sig=/)
})

t.test("where callers' own tokens go through, a token or a person that the workspace does not take is told so", async (t) => {
  const claimsOf = (digit: number) =>
    databricksClaims({ objectId: `00000000-0000-4000-8000-0000000000b${digit}`, name: 'person' }, tenantId)
  workspace.add({ objectId: claimsOf(1).oid, name: 'person', groups: ['admins'] })
  const roles = ['apps_own']
  for (const [token, status, message] of [
    [await issuer.token({ ...claimsOf(1), roles }), 200, undefined],
    [await issuer.token({ ...claimsOf(2), roles }), 401, /not in the Databricks workspace/],
    [await tokenFor('own'), 401, /MLflow does not accept your token/],
  ] as const) {
    const given = await askWorkspace(app.url, 'GET', '/api/2.0/mlflow/experiments/search', { max_results: 5 }, token)
    t.match({ status: given.status, message: given.fields.message }, { status, message }, given.text)
  }
})
