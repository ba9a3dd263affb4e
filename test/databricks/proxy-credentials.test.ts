import { readFileSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { startIssuer, tenantId } from '../fakes/issuer.ts'
import { exchangeAudience, serveTokens } from '../fakes/token-endpoints.ts'
import { objectOf, text } from '../fakes/workspace/call.ts'
import { plentyOfRates } from '../fakes/workspace/guarded-workspace.ts'
import { askWorkspace } from '../fakes/workspace/member.ts'
import { startWorkspace } from '../fakes/workspace/start-workspace.ts'
import { startInProcess } from '../harness/app.ts'
import { startMlflow } from '../harness/mlflow-server.ts'

// A workspace that takes tokens of Entra and of its own, and a proxy with every way to them: one environment for each.
const [mlflow, issuer, kubernetes] = await Promise.all([startMlflow({ version: '3.17.2' }), startIssuer(), startIssuer()])
const oid = (digit: number) => `00000000-0000-4000-8000-00000000000${digit}`
const certificate = readFileSync(new URL('../fixtures/certificates/client.pem', import.meta.url), 'utf8')
const subject = 'system:serviceaccount:mlflow:proxy'
const policy = 'https://databricks.example'
const secrets = { clientId: 'of-workspace', secret: 'hunter2' }
const endpoints = serveTokens(issuer, [
  secrets,
  { clientId: 'of-entra', objectId: oid(2), certificate, secret: 'hunter2' },
  { clientId: 'pod', objectId: oid(3), federated: { issuer: kubernetes, subject, audience: exchangeAudience } },
  { clientId: 'federated', federated: { issuer: kubernetes, subject, audience: policy } },
])
const workspace = await startWorkspace({ mlflow, issuer, storage: 'blob', oauth: endpoints.listener })
for (const [index, name] of ['of-workspace', 'of-entra', 'pod', 'federated'].entries())
  workspace.add({ objectId: oid(index + 1), name, groups: ['admins'] })
const [ada, bob] = ['ada@example.com', 'bob@example.com']
workspace.add({ objectId: oid(5), name: ada, kind: 'user', groups: ['admins'] })
t.teardown(async () => {
  await workspace.close()
  await Promise.all([mlflow.close(), issuer.close(), kubernetes.close()])
})

const files = {
  secret: 'hunter2',
  'client.pem': certificate,
  'entra.token': await kubernetes.token({ iss: 'https://kubernetes', sub: subject, aud: exchangeAudience }),
  'databricks.token': await kubernetes.token({ iss: 'https://kubernetes', sub: subject, aud: policy }),
}
const own = {
  secret: { mode: 'servicePrincipal', issuer: 'databricks', clientId: 'of-workspace', clientSecretFile: 'secret' },
  certificate: { mode: 'servicePrincipal', clientId: 'of-entra', certificateFile: 'client.pem' },
  pod: { mode: 'workloadIdentity', clientId: 'pod', tokenFile: 'entra.token' },
  federated: { mode: 'workloadIdentity', issuer: 'databricks', clientId: 'federated', tokenFile: 'databricks.token' },
}
const exchanged = {
  people: { mode: 'onBehalfOf', clientId: 'of-entra', clientSecretFile: 'secret' },
  exchange: { mode: 'onBehalfOf', issuer: 'databricks' },
}
const names = Object.keys({ ...own, ...exchanged })

async function start(environments: Readonly<Record<string, object>> = { ...own, ...exchanged }) {
  endpoints.asked.length = 0
  const storageHosts = [new URL(workspace.storage.sign('x', 'read', 60)).host]
  const everybody = { mode: 'servicePrincipal', clientId: 'of-entra', certificateFile: 'client.pem' }
  return startInProcess(
    {
      upstream: { url: workspace.url, kind: 'databricks', credentials: everybody, storageHosts, rates: plentyOfRates },
      authentication: { entra: { tenantId, audiences: [issuer.audience], authority: issuer.authority } },
      environments: Object.fromEntries(Object.entries(environments).map(([name, credentials]) => [name, { credentials }])),
    },
    { files },
  )
}

const userOf = (environment: string, name = ada, digit = 5) =>
  issuer.token({
    idtyp: undefined,
    scp: 'access_as_user',
    oid: oid(digit),
    sub: `pairwise-${name}`,
    preferred_username: name,
    roles: [`apps_${environment}`],
  })

const search = '/api/2.0/mlflow/experiments/search'
/** Nothing that an issuer, a file or a header holds. */
const hidden = /hunter|eyJ|do not repeat|pairwise/

t.test('the workspace is asked as who the credentials say, and callers’ own are exchanged for each of them', async (t) => {
  const app = await start()
  t.teardown(() => app.close())
  for (const environment of names) {
    const before = workspace.calls().length
    const token = await userOf(environment)
    const ask = (method: string, path: string, fields: object) =>
      askWorkspace(app.url, method, `/api/2.0/mlflow${path}`, { ...fields }, token)
    const made = await ask('POST', '/experiments/create', { name: 'churn' })
    t.equal(made.status, 200, `${environment}: ${made.text}`)
    const run = await ask('POST', '/runs/create', { experiment_id: made.fields.experiment_id })
    const uri = text(objectOf(objectOf(run.fields.run).info), 'artifact_uri')
    const file = `${app.url}/api/2.0/mlflow-artifacts/artifacts${uri.replace('mlflow-artifacts:', '')}/model/MLmodel`
    const headers = { authorization: `Bearer ${token}` }
    t.equal((await fetch(file, { method: 'PUT', headers, body: environment })).status, 200)
    t.equal(await (await fetch(file, { headers })).text(), environment)
    const who: Readonly<Record<string, string>> = {
      secret: 'of-workspace',
      certificate: 'of-entra',
      pod: 'pod',
      federated: 'federated',
    }
    const calls = workspace.calls().slice(before)
    t.same([...new Set(calls.map(({ caller }) => caller?.name))], [who[environment] ?? ada], environment)
  }
  t.equal(endpoints.asked.length, names.length, 'one token for each')
  t.notMatch(app.logs(), hidden)
})

t.test('whom the workspace does not know is told so, and is nobody else there', async (t) => {
  const app = await start(exchanged)
  t.teardown(() => app.close())
  const told: Readonly<Record<string, object>> = {
    people: { status: 401, text: /You are not in the Databricks workspace\. Ask its administrators/ },
    exchange: { text: /does not accept the token that yours was exchanged for\. Tell the operators/ },
  }
  for (const environment of Object.keys(exchanged)) {
    const before = workspace.calls().length
    const given = await askWorkspace(app.url, 'GET', search, { max_results: 1 }, await userOf(environment, bob, 6))
    t.match(given, told[environment], `${environment}: ${given.status}`)
    t.ok(
      workspace
        .calls()
        .slice(before)
        .every(({ caller }) => caller === null),
    )
  }
})

const json = { 'content-type': 'application/json' }
const says = (status: number, body: object | string, headers: object = json) => {
  const answer = typeof body === 'string' ? body : JSON.stringify({ error_description: 'do not repeat hunter2', ...body })
  return (response: ServerResponse) => void response.writeHead(status, { ...headers }).end(answer)
}
/** What an issuer does, and what of it the log tells. */
const faults: Readonly<Record<string, readonly [fault: (response: ServerResponse) => void, problem: RegExp]>> = {
  'is down': [(response) => response.destroy(), /other side closed|ECONNRESET|hang up/],
  'does not answer': [() => undefined, /[Tt]imeout/],
  'does not know the client': [
    says(401, { error: 'invalid_client', error_codes: [7000215] }),
    /invalid_client \(AADSTS7000215\)/,
  ],
  'limits requests': [says(429, 'hunter2', { 'retry-after': '1' }), /answers 429 without a token/],
  'is a page': [says(200, '<html>hunter2</html>', { 'content-type': 'text/html' }), /answers 200 without a token/],
  'answers something else': [says(200, { access_token: 7, token_type: 'Bearer' }), /answers 200 without a token/],
  'answers an expired token': [says(200, { access_token: 'x', token_type: 'Bearer', expires_in: 0 }), /without a token/],
}

for (const [name, [fault, problem]] of Object.entries(faults))
  t.test(`an issuer that ${name}: callers are told to wait, and the log tells why`, async (t) => {
    const app = await start()
    t.teardown(() => app.close())
    endpoints.fault = fault
    const ask = async (environment: string) => askWorkspace(app.url, 'GET', search, { max_results: 1 }, await userOf(environment))
    for (const given of await Promise.all(names.map(ask))) {
      t.match(given, { status: 503, code: 'TEMPORARILY_UNAVAILABLE', text: /cannot get credentials for MLflow.*Try again/ })
      t.notMatch(given.text, hidden)
    }
    const warned = app.lines().filter(({ msg }) => msg === 'no token for MLflow is available')
    t.equal(warned.length, names.length)
    for (const line of warned) t.match(line, { problem })
    t.notMatch(app.logs(), hidden)
    endpoints.fault = null
    await sleep(1_100)
    for (const given of await Promise.all(names.map(ask))) t.equal(given.status, 200, `again: ${given.code}`)
  })

t.test('a token that is not exchanged is the caller’s to hear of, and the proxy’s own is not', async (t) => {
  const app = await start()
  t.teardown(() => app.close())
  endpoints.fault = says(400, { error: 'invalid_grant', error_codes: [50173] })
  for (const environment of names) {
    const given = await askWorkspace(app.url, 'GET', search, { max_results: 1 }, await userOf(environment))
    t.equal(given.status, environment in exchanged ? 401 : 503, environment)
    t.match(given.text, environment in exchanged ? /does not exchange your token: invalid_grant/ : /cannot get credentials/)
    t.notMatch(given.text, hidden)
  }
  endpoints.fault = null
  t.notMatch(app.logs(), hidden)
})

t.test('a secret is rotated without a restart', async (t) => {
  const file = `${t.testdir({ secret: 'hunter2' })}/secret`
  const app = await start({ secret: { ...own.secret, clientSecretFile: file } })
  t.teardown(() => {
    endpoints.lifetime = 3600
    secrets.secret = 'hunter2'
    return app.close()
  })
  endpoints.lifetime = 3
  const token = await userOf('secret')
  const ask = () => askWorkspace(app.url, 'GET', search, { max_results: 1 }, token)
  t.equal((await ask()).status, 200)
  secrets.secret = 'hunter3'
  await sleep(2_500)
  t.equal((await ask()).status, 503, 'the old one is worth nothing any more')
  t.match(
    app
      .lines()
      .filter(({ problem }) => problem !== undefined)
      .at(-1),
    { problem: /invalid_client/ },
  )
  writeFileSync(file, 'hunter3\n')
  await sleep(1_100)
  t.equal((await ask()).status, 200)
  t.notMatch(app.logs(), hidden)
})
