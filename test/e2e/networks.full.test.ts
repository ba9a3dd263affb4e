import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { newestMlflow } from '../../scripts/setup/python-environments.mjs'
import { runCommand } from '../../src/commands/run-command.ts'
import { startIssuer } from '../fakes/issuer.ts'
import { type MlflowServer, startMlflow } from '../harness/mlflow-server.ts'
import { type RunningProxy, startProxy } from '../harness/proxy.ts'
import { talk } from '../harness/raw-http.ts'

const issuer = await startIssuer()
t.teardown(() => issuer.close())
const token = await issuer.token()
t.setTimeout(6 * 60_000)
const search = '/api/2.0/mlflow/experiments/search?max_results=5'

async function ask({ url }: RunningProxy, path: string, body?: object) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const answer = await fetch(`${url}${path}`, {
    headers,
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  })
  return { status: answer.status, text: await answer.text() }
}

/** The codes of what the doctor finds wrong. */
async function problemsOf(folder: string, mlflow: MlflowServer, credentials: object): Promise<string[]> {
  const { authority, tenantId, audience } = issuer
  const file = join(folder, 'proxy.yaml')
  const authentication = { entra: { tenantId, audiences: [audience], authority } }
  writeFileSync(file, stringify({ upstream: { url: mlflow.url, credentials }, authentication, environments: ['acc'] }))
  let out = ''
  const write = (text: string) => {
    out += text
  }
  await runCommand(['doctor', '--config', file, '--json'], {}, { out: write, err: write })
  const { findings }: { findings: { weight: string; code: string }[] } = JSON.parse(out)
  return findings.filter(({ weight }) => weight === 'problem').map(({ code }) => code)
}

/** What /readyz tells once the upstream has been looked at. */
async function concernOf({ adminUrl }: RunningProxy): Promise<unknown> {
  for (let tries = 0; tries < 50; tries++) {
    const { waitingFor = '' }: { waitingFor?: string } = await (await fetch(`${adminUrl}/readyz`)).json()
    if (waitingFor.includes('refuses')) return waitingFor
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return null
}

t.test('a real MLflow behind basic authentication', async (t) => {
  const folder = t.testdir({ right: 'a-good-Passw0rd\n', wrong: 'another' })
  const ini = join(folder, 'auth.ini')
  const settings = `default_permission = READ\ndatabase_uri = sqlite:///${join(folder, 'auth.db')}\nadmin_username = admin`
  const authorization = 'authorization_function = mlflow.server.auth:authenticate_request_basic_auth'
  writeFileSync(ini, `[mlflow]\n${settings}\nadmin_password = a-good-Passw0rd\n${authorization}\n`)
  const mlflow = await startMlflow({
    version: newestMlflow,
    flags: ['--app-name', 'basic-auth'],
    env: { MLFLOW_AUTH_CONFIG_PATH: ini, MLFLOW_FLASK_SERVER_SECRET_KEY: 'of-this-test' },
  })
  t.teardown(() => mlflow.close())
  t.equal((await fetch(`${mlflow.url}${search}`)).status, 401, 'MLflow lets nobody in by himself')
  const start = async (credentials: object) => {
    const proxy = await startProxy({ upstream: mlflow.url, issuer, settings: { upstream: { url: mlflow.url, credentials } } })
    t.teardown(() => proxy.close())
    return proxy
  }
  const right = { mode: 'basic', username: 'admin', passwordFile: join(folder, 'right') }
  const good = await start(right)
  t.match(await ask(good, '/api/2.0/mlflow/experiments/create', { name: 'churn' }), { status: 200 }, 'it makes an experiment')
  t.match(await ask(good, search), { status: 200, text: /"name": ?"churn"/ }, 'and finds it')
  t.same(await problemsOf(folder, mlflow, right), [])
  const wrong = { ...right, passwordFile: join(folder, 'wrong') }
  const bad = await start(wrong)
  t.match(await ask(bad, search), { status: 501, text: /does not accept its credentials.*operators of the proxy/ })
  t.match(await concernOf(bad), /refuses the proxy: status 401: You are not authenticated/)
  t.same(await problemsOf(folder, mlflow, wrong), ['credentials-refused'])
})

t.test('a real MLflow that takes the proxy for a stranger by its host name', async (t) => {
  const mlflow = await startMlflow({ version: newestMlflow, flags: ['--allowed-hosts', 'mlflow.example.com'] })
  const proxy = await startProxy({ upstream: mlflow.url, issuer })
  t.teardown(() => Promise.all([mlflow.close(), proxy.close()]))
  t.match(
    await ask(proxy, search),
    { status: 501, text: /refuses the host name.*Invalid Host header/ },
    'not: missing credentials',
  )
  t.match(await concernOf(proxy), /Invalid Host header: .*--allowed-hosts/)
  t.same(await problemsOf(t.testdir(), mlflow, { mode: 'none' }), ['upstream-refuses'])
  t.match(proxy.logs(), /Invalid Host header: Start MLflow with/)
})

t.test('spellings of HTTP that MLflow takes, before a real one', async (t) => {
  const mlflow = await startMlflow({ version: newestMlflow })
  const proxy = await startProxy({ upstream: mlflow.url, issuer })
  t.teardown(() => Promise.all([mlflow.close(), proxy.close()]))
  const say = async (first: string, ...lines: string[]) => {
    const bytes = [first, 'Host: proxy.example', ...lines].join('\r\n')
    const { answers } = await talk(proxy.url, `${bytes}\r\n\r\n`)
    return answers[0]?.status
  }
  t.equal(await say(`GET ${search} HTTP/1.1`, `Authorization: Bearer ${token}`), 200, 'as everybody')
  t.equal(await say(`GET ${search} HTTP/1.0`, `Authorization: Bearer ${token}`), 200, 'HTTP/1.0')
  t.equal(await say(`GET /${search} HTTP/1.1`, `Authorization: Bearer ${token}`), 200, 'a slash behind the tracking URI')
  t.equal(await say(`GET ${search} HTTP/1.1`, `Authorization: bearer   ${token}`), 200, 'a small bearer and spaces')
  t.equal(await say(`OPTIONS ${search} HTTP/1.1`, 'Access-Control-Request-Method: GET'), 204, 'a preflight')
})
