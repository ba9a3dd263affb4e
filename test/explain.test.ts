import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runCommand } from '../src/commands/run-command.ts'
import { experimentId, runId, startFakeUpstream } from './fakes/fake-upstream.ts'

/** What `explain` says of a request of a caller in these groups. */
async function explain(t: Test, upstream: string, groups: string, ...request: string[]) {
  return explainWith(t, `upstream: { url: '${upstream}' }`, groups, ...request)
}

async function explainWith(t: Test, settings: string, groups: string, ...request: string[]) {
  const config = join(t.testdir(), 'proxy.yaml')
  writeFileSync(
    config,
    `${settings}
authentication: { entra: { tenantId: 11111111-2222-3333-4444-555555555555, audiences: [api://mlflow-env-proxy] } }
environments: { acc: { administrators: [admins_acc], gateway: true }, prod: { production: true, promotesFrom: [acc] } }
`,
  )
  const out: string[] = []
  const err: string[] = []
  const terminal = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) }
  const code = await runCommand(['explain', '--config', config, '--groups', groups, ...request], {}, terminal)
  return { code, out: out.join(''), err: err.join('') }
}

const api = '/api/2.0/mlflow'

// The request, and what must be said of it.
const cases: [name: string, groups: string, request: string[], said: RegExp[]][] = [
  [
    'a name of one’s own',
    'apps_acc',
    ['GET', `${api}/registered-models/get?name=fraud`],
    [/^allowed$/m, /model +fraud is fraud_acc/, /GET .*name=fraud_acc/],
  ],
  [
    'a name of prod',
    'apps_acc',
    ['GET', `${api}/registered-models/get?name=fraud_prod`],
    [/foreign-name \(403 PERMISSION_DENIED\)/],
  ],
  [
    'a promoter’s reading',
    'apps_prod',
    ['GET', `${api}/registered-models/get?name=fraud_acc`],
    [/environment +prod/, /^allowed$/m],
  ],
  [
    'the plan of an endpoint',
    'apps_acc',
    ['--plan', 'POST', `${api}/runs/log-metric`],
    [/endpoint +logMetric/, /checks +reader, requiredFields, oneRunId\n/, /asks for +runs, loggedModels, notFrozen\n/],
  ],
  ['an id', 'apps_acc', ['POST', `${api}/runs/create`, '{"experiment_id":"0"}'], [/experiment +0 is 7/, /"experiment_id":"7"/]],
  ['somebody else’s run', 'apps_prod', ['GET', `${api}/runs/get?run_id=${runId}`], [/not-found \(404/]],
  [
    'what cannot be read',
    'apps_acc',
    ['POST', `${api}/runs/create`, '{"experiment_id":"0","experiment_id":"7"}'],
    [/malformed \(400/],
  ],
  ['what the proxy answers itself', 'apps_acc', ['POST', '/graphql'], [/^by itself +The proxy answers GraphQL itself/m]],
  ['a closed endpoint', 'apps_acc', ['GET', '/metrics'], [/closed-endpoint/, /operators/]],
  [
    'an administrator',
    'admins_acc',
    ['POST', '/api/3.0/mlflow/gateway/secrets/create', '{"secret_name":"key","secret_value":{"api_key":"k"}}'],
    [/environment +acc \(as an administrator\)/, /^allowed$/m, /gatewaySecret +key is key_acc/, /"secret_name":"key_acc"/],
  ],
  [
    'what is for administrators',
    'apps_acc',
    ['GET', '/api/3.0/mlflow/gateway/secrets/list'],
    [/^environment +acc$/m, /closed-endpoint \(403/, /Ask someone in admins_acc\./],
  ],
  [
    'a body of others’ making',
    'apps_acc',
    ['POST', '/gateway/mlflow/v1/chat/completions', '{"model":"chat","messages":[]}'],
    [/^allowed$/m, /gateway +chat is chat_acc/],
  ],
  ['no endpoint', 'apps_acc', ['GET', `${api}/nothing`], [/unknown-endpoint \(404 ENDPOINT_NOT_FOUND\)/]],
  ['no environment', 'apps_moon', ['GET', '/version'], [/no-environment/, /apps_moon/]],
  ['two environments', 'apps_acc,apps_prod', ['GET', '/version'], [/environment-not-chosen/, /\/env\/acc/]],
  ['the chosen one', 'apps_acc,apps_prod', ['GET', '/env/prod/version'], [/environment +prod/, /^allowed$/m]],
]

t.test('explain says what would happen to a request, and why', async (t) => {
  const upstream = await startFakeUpstream()
  t.teardown(() => upstream.close())
  t.equal(experimentId, '7')
  for (const [name, groups, request, said] of cases) {
    const { code, out } = await explain(t, upstream.url, groups, ...request)
    t.equal(code, 0, name)
    for (const pattern of said) t.match(out, pattern, `${name}: ${pattern}`)
  }
  t.same(upstream.received, [], 'nothing but look-ups was asked of MLflow')
})

t.test('explain says so where it cannot know', async (t) => {
  const { code, out } = await explain(t, 'http://127.0.0.1:9', 'apps_acc', 'GET', `${api}/registered-models/get?name=fraud`)
  t.equal(code, 0)
  t.match(out, /^undecided +MLflow/m)
})

t.test('explain wants a request', async (t) => {
  const { code, err } = await explain(t, 'http://127.0.0.1:9', 'apps_acc', 'GET')
  t.equal(code, 2)
  t.match(err, /^mlflow-env-proxy: .*\n\nUsage: mlflow-env-proxy explain/)
})

t.test('a client in Databricks mode is told of another door', async (t) => {
  const upstream = "upstream: { url: 'http://127.0.0.1:9', kind: databricks, credentials: { mode: none } }"
  const ingress = `${upstream}\ndatabricksHost: { listen: {} }`
  const request = ['POST', `${api}/artifacts/credentials-for-read`, '{"run_id":"x","path":["a"]}']
  const said = async (settings: string, ...options: string[]) =>
    (await explainWith(t, settings, 'apps_acc', ...options, ...request)).out
  t.match(await said(ingress), /closed-endpoint.*\nmessage +Storage credentials would bypass the proxy/)
  t.match(await said(ingress, '--databricks'), /endpoint +getRunReadCredentials/)
  t.match(
    await said(upstream, '--databricks'),
    /unknown-endpoint.*\nmessage +There is no listener for clients in Databricks mode/,
  )
})
