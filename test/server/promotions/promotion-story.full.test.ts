import t from 'tap'
import { newestMlflow } from '../../../scripts/setup/python-environments.mjs'
import { runCommand } from '../../../src/commands/run-command.ts'
import { startApp } from '../../harness/app.ts'
import { startMlflow } from '../../harness/mlflow-server.ts'
import { runPythonClient } from '../../scenarios/python-client.ts'

// Two people, three environments: what acc logs gets to preprod and from there to prod, and clients there load it.
const mlflow = await startMlflow({ version: newestMlflow })
const promotions = [
  {
    from: 'acc',
    to: 'preprod',
    approvers: ['ml_approvers'],
    requiredTags: ['reviewed=yes'],
    metrics: [{ name: 'auc', min: 0.9 }],
  },
  { from: 'preprod', to: 'prod', approvers: ['ml_approvers'], people: 1 },
]
const app = await startApp({
  upstream: mlflow.url,
  environments: { acc: {}, preprod: {}, prod: { production: true } },
  more: { promotions },
})
t.teardown(async () => {
  await app.close()
  await mlflow.close()
})

const person = (oid: string, ...roles: string[]) =>
  app.issuer.token({
    roles,
    oid: `00000000-0000-4000-8000-00000000000${oid}`,
    idtyp: 'app',
    sub: `00000000-0000-4000-8000-00000000000${oid}`,
  })
const ann = await person('1', 'apps_acc', 'ml_approvers')
const bob = await person('2', 'ml_approvers')
const tokens = { acc: ann, preprod: await person('3', 'apps_preprod'), prod: await person('4', 'apps_prod') }
const both = await person('5', 'apps_preprod', 'ml_approvers')

async function call(token: string, method: string, path: string, body?: object) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const response = await fetch(`${app.url}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) })
  return { status: response.status, body: await response.json() }
}
const api = (path: string) => `/api/2.0/mlflow/${path}`

async function runScript(what: 'log' | 'load') {
  const context = { serverVersion: mlflow.version, upstream: mlflow.url, tokens, from: { preprod: 'acc', prod: 'preprod' } }
  return runPythonClient({ version: newestMlflow, script: 'promoted.py', args: [what], uri: app.url, token: ann, context })
}

function step(token: string, action: string, from: string, to: string) {
  return call(token, 'POST', '/-/promote', { action, from, to, model: 'fraud', version: '1' })
}

t.test('two people promote a version, and clients where it gets to load it', async (t) => {
  const logged = await runScript('log')
  t.same(
    logged.assertions.filter(({ state }) => state !== 'passed'),
    [],
    logged.output,
  )

  const early = await step(ann, 'ask', 'acc', 'preprod')
  t.equal(early.status, 403)
  t.match(early.body.message, /no tag 'reviewed'/)
  await call(ann, 'POST', api('model-versions/set-tag'), { name: 'fraud', version: '1', key: 'reviewed', value: 'yes' })

  const asked = await step(ann, 'ask', 'acc', 'preprod')
  t.match(asked, { status: 200, body: { state: 'asked', unmet: [] } })
  t.equal((await step(ann, 'approve', 'acc', 'preprod')).status, 403, 'nobody approves what they asked for')
  const list = async () => (await call(bob, 'GET', '/-/promote')).body.waiting
  t.match(await list(), [{ from: 'acc', to: 'preprod', model: 'fraud', version: '1', may: { approve: true } }])

  const { body: found } = await call(ann, 'GET', api('model-versions/get?name=fraud&version=1'))
  t.notMatch(JSON.stringify(found.model_version.tags), 'promotion', 'the request is not shown')
  const runId = found.model_version.run_id
  const change = () => call(ann, 'POST', api('runs/log-metric'), { run_id: runId, key: 'auc', value: 0.1, timestamp: 1, step: 0 })
  t.match(await change(), { status: 403, body: { message: /promoted or about to be/ } }, 'what is asked for stays as it is')
  const place = await artifactPath(runId)
  const model = /m-[0-9a-f]{32}/.exec(found.model_version.source)?.[0]
  const upload = async (path: string) => {
    const headers = { authorization: `Bearer ${ann}` }
    const url = `${app.url}/api/2.0/mlflow-artifacts/artifacts/${path}/late.bin`
    return (await fetch(url, { method: 'PUT', headers, body: 'x' })).status
  }
  const changeFiles = () => Promise.all([upload(place), upload(`${place.split('/')[0]}/models/${model}/artifacts`)])
  t.same(await changeFiles(), [403, 403], 'the artifacts of its run and of its logged model too')

  const done = await step(bob, 'approve', 'acc', 'preprod')
  t.match(done, { status: 200, body: { state: 'promoted', promotedAs: '1' } })
  t.same(await list(), [], 'nothing waits any more')
  t.same((await step(bob, 'approve', 'acc', 'preprod')).body.promotedAs, '1', 'once more changes nothing')
  t.same((await step(ann, 'ask', 'acc', 'preprod')).body.promotedAs, '1')
  t.equal((await change()).status, 403, 'and it stays frozen')
  t.same(await changeFiles(), [403, 403])
  t.equal((await call(ann, 'DELETE', api(`logged-models/${model}`))).status, 403)
  const models = ['DELETE', api('model-versions/delete')] as const
  t.equal((await call(ann, ...models, { name: 'fraud', version: '1' })).status, 403, 'as does the version')

  t.match(await command(both), { code: 0, said: 'waits for approval' })
  t.match(await command(both, '--approve'), { code: 0, said: 'promoted, it is version 1 there' })

  const loaded = await runScript('load')
  t.ok(loaded.completed && loaded.assertions.length > 10, loaded.output)
  t.same(
    loaded.assertions.filter(({ state }) => state !== 'passed'),
    [],
  )

  const lines = app.lines().filter(({ endpoint, status }) => endpoint === 'promote' && status === 200)
  const promotion = { from: 'acc', to: 'preprod', newVersion: '1', askedBy: /1$/, approvedBy: /2$/ }
  t.match(
    lines.find(({ action }) => action === 'create'),
    { environment: 'acc', decision: 'allow', promotion },
  )
})

/** `mlflow-env-proxy promote`, from preprod to prod. */
async function command(token: string, ...args: string[]) {
  let said = ''
  const hear = (text: string) => {
    said += text
  }
  const env = { MLFLOW_TRACKING_URI: app.url, MLFLOW_TRACKING_TOKEN: token }
  const line = ['promote', 'fraud', '1', '--from', 'preprod', '--to', 'prod', ...args]
  return { code: await runCommand(line, env, { out: hear, err: hear }), said }
}

async function artifactPath(runId: string): Promise<string> {
  const { body } = await call(ann, 'GET', api(`runs/get?run_id=${runId}`))
  return body.run.info.artifact_uri.replace('mlflow-artifacts:/', '')
}
