import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { newestMlflow } from '../../scripts/setup/python-environments.mjs'
import { runCommand } from '../../src/commands/run-command.ts'
import { startIssuer } from '../fakes/issuer.ts'
import { checkAuditLine } from '../harness/audit-lines.ts'
import { startMlflow } from '../harness/mlflow-server.ts'
import { startProxyProcess } from '../harness/proxy-process.ts'

t.setTimeout(4 * 60_000)
const [issuer, mlflow] = await Promise.all([startIssuer(), startMlflow({ version: newestMlflow })])
const path = join(t.testdir(), 'audit.jsonl')
const environments = { acc: {}, prod: { production: true, promotesFrom: ['acc'] } }
const settings = { environments, audit: { destination: 'file', file: { path } }, log: { level: 'error' } }
const proxy = await startProxyProcess({ upstream: mlflow.url, issuer, settings })
t.teardown(() => Promise.all([proxy.close(), issuer.close(), mlflow.close()]))

async function ask(role: string, method: string, endpoint: string, body: object) {
  const token = await issuer.token({ roles: [role] })
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const answer = await fetch(`${proxy.url}/api/2.0/mlflow/${endpoint}`, { method, headers, body: JSON.stringify(body) })
  return { status: answer.status, json: JSON.parse(await answer.text()) }
}

t.test('who promoted which version of a model is in the audit of a real MLflow, and `audit` tells it', async (t) => {
  await ask('apps_acc', 'POST', 'registered-models/create', { name: 'fraud' })
  const { json: made } = await ask('apps_acc', 'POST', 'runs/create', { experiment_id: '0' })
  const { run_id: runId, artifact_uri: artifacts } = made.run.info
  const source = { name: 'fraud', source: `${artifacts}/model`, run_id: runId }
  const { json: registered } = await ask('apps_acc', 'POST', 'model-versions/create', source)
  t.equal(registered.model_version?.version, '1', JSON.stringify(registered))
  const toProduction = { version: '1', stage: 'Production' }
  const alias = { name: 'fraud', alias: 'champion', version: '1' }
  t.equal((await ask('apps_acc', 'POST', 'registered-models/alias', alias)).status, 200)
  t.equal((await ask('apps_acc', 'POST', 'model-versions/transition-stage', { name: 'fraud', ...toProduction })).status, 403)
  const promoted = await ask('apps_prod', 'POST', 'model-versions/transition-stage', { name: 'fraud_acc', ...toProduction })
  t.equal(promoted.status, 200, JSON.stringify(promoted.json))
  proxy.signal('SIGTERM')
  await proxy.ended
  const lines = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  for (const line of lines) checkAuditLine(t, line, line.endpoint)
  t.match(lines.at(-1), {
    action: 'transition',
    environment: 'prod',
    references: [{ kind: 'model', logical: 'fraud_acc', upstream: 'fraud_acc', version: '1' }],
    details: { fromStage: 'Staging', toStage: 'Production' },
    groups: ['apps_prod'],
  })
  const said: string[] = []
  await runCommand(['audit', path, '--model', 'fraud_acc'], {}, { out: (text) => void said.push(text), err: () => undefined })
  const out = said.join('')
  t.match(
    out,
    /History of fraud_acc\n.* version 1: registered in Staging {2}by .* in acc\n.* alias champion: version 1 .*\n.* version 1: Staging -> Production {2}by .* in prod\n/,
  )
  t.match(out, /Refused: 1\n +1 {2}stage .*model fraud 1, to Production/)
})

t.end()
