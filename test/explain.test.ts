import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runCommand } from '../src/commands/run-command.ts'
import { experimentId, runId, startFakeUpstream } from './fakes/fake-upstream.ts'
import { write } from './fixtures/config-file.ts'

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
    t.equal(code, /^denied/m.test(out) ? 3 : 0, name)
    for (const pattern of said) t.match(out, pattern, `${name}: ${pattern}`)
  }
  t.same(upstream.received, [], 'nothing but look-ups was asked of MLflow')
})

const [run, stranger] = ['1'.repeat(32), '2'.repeat(32)]
const nowhere = 'http://127.0.0.1:9'

t.test('explain says so where it cannot know', async (t) => {
  for (const request of [
    ['GET', `${api}/runs/get?run_id=${run}`],
    ['POST', `${api}/runs/create`, '{"experiment_id":"0"}'],
  ]) {
    const { code, out } = await explain(t, nowhere, 'apps_acc', ...request)
    t.equal(code, 4)
    t.match(out, /^undecided +MLflow/m)
  }
})

t.test('a decision that needs no facts needs no MLflow', async (t) => {
  const own = ['GET', 'registered-models/get?name=fraud']
  for (const [code, groups, ...request] of [
    [0, 'apps_acc', ...own],
    [0, 'apps_acc', '--offline', ...own],
    [3, 'apps_acc', ...own.map((each) => each.replace('fraud', 'fraud_prod'))],
    [3, 'apps_moon', '--offline', ...own],
    [4, 'apps_acc', '--offline', 'GET', `runs/get?run_id=${run}`],
  ] as const) {
    const said = await explain(t, nowhere, groups, ...request)
    t.equal(said.code, code, said.out)
  }
  const { out } = await explain(t, nowhere, 'apps_acc', '--offline', 'GET', `runs/get?run_id=${run}`)
  t.match(out, /^undecided +The decision needs to know the run 1+: give it by --facts, or ask MLflow\.$/m)
})

t.test('facts are given in the place of MLflow', async (t) => {
  const facts = `{ runs: [{ id: "${run}", environment: acc }, { id: "${stranger}", environment: prod }] }`
  const ask = (id: string, ...options: string[]) =>
    explain(t, nowhere, 'apps_acc', '--facts', facts, ...options, 'GET', `runs/get?run_id=${id}`)
  t.match(await ask(run), { code: 0, out: /^allowed$/m })
  t.match(await ask(stranger), { code: 3, out: /not-found/ })
  const said = await ask(stranger, '--json')
  t.equal(said.code, 3)
  t.same(JSON.parse(said.out), {
    decision: 'deny',
    environment: 'acc',
    role: 'caller',
    endpoint: 'getRun',
    reason: 'not-found',
    status: 404,
    errorCode: 'RESOURCE_DOES_NOT_EXIST',
    message: `Run with id=${stranger} not found`,
    references: [],
    makes: [],
    upstream: null,
  })
  const allowed = JSON.parse((await ask(run, '--json')).out)
  t.match(allowed, { decision: 'allow', upstream: { method: 'GET', target: `${api}/runs/get?run_id=${run}`, body: null } })
  const inFile = write('facts.yaml', facts)
  t.equal((await explain(t, nowhere, 'apps_acc', '--facts', inFile, 'GET', `runs/get?run_id=${run}`)).code, 0)
})

t.test('facts that are wrong are an error of the command line', async (t) => {
  const ask = (facts: string) => explain(t, nowhere, 'apps_acc', '--facts', facts, 'GET', 'experiments/get?experiment_id=1')
  t.match(await ask('{ runs: [{ environment: acc }] }'), { code: 2, err: /--facts:1:\d+ runs\[0\].*is missing/ })
  t.match(await ask('{ runs: [{ id: r, environment: moon }] }'), { code: 2, err: /environment 'moon'/ })
  t.match(await ask('/nowhere/facts.yaml'), { code: 2, err: /does not exist/ })
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
