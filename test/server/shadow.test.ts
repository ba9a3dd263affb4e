import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runCommand } from '../../src/commands/run-command.ts'
import { reply, startFakeUpstream } from '../fakes/fake-upstream.ts'
import { startApp } from '../harness/app.ts'

t.test('what an environment in shadow lets pass is in the audit, and in the report of it', async (t) => {
  const upstream = await startFakeUpstream()
  t.teardown(() => upstream.close())
  upstream.answer = reply(200, { registered_model: { name: 'fraud_acc' } })
  const app = await startApp({
    upstream: upstream.url,
    environments: { acc: { groups: ['others'], readers: ['apps_acc'], enforcement: 'shadow' }, preprod: {} },
  })
  t.teardown(() => app.close())
  const headers = { authorization: `Bearer ${app.token}`, 'content-type': 'application/json' }
  const create = (authorization = headers.authorization) =>
    fetch(`${app.url}/api/2.0/mlflow/registered-models/create`, {
      method: 'POST',
      headers: { ...headers, authorization },
      body: '{"name":"fraud"}',
    })
  t.equal((await create()).status, 200)
  t.equal((await create()).status, 200)
  t.equal((await create('Bearer x')).status, 401, 'authentication is enforced')
  t.equal(upstream.received.length, 2)
  const lines = app.lines().filter(({ audit }) => audit === true)
  t.match(lines, [
    { decision: 'allow', reason: null, wouldRefuse: 'read-only', environment: 'acc' },
    { wouldRefuse: 'read-only' },
    { decision: 'deny', wouldRefuse: null },
  ])
  const file = join(t.testdir(), 'audit.log')
  writeFileSync(file, app.logs())
  const report = async (...args: string[]) => {
    const out: string[] = []
    const terminal = { out: (text: string) => void out.push(text), err: (text: string) => void out.push(text) }
    return { code: await runCommand(['shadow-report', ...args], {}, terminal), out: out.join('') }
  }
  const { code, out } = await report(file)
  t.equal(code, 0)
  t.match(out, /^2 requests would be refused\n +2 {2}acc: read-only .*: createRegisteredModel, such as model fraud$/m)
  t.match(JSON.parse((await report('--json', file)).out), [{ count: 2, environment: 'acc', reason: 'read-only' }])
  t.equal((await report(join(t.testdir(), 'none'))).code, 1)
})
