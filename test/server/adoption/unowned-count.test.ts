import { join } from 'node:path'
import t, { type Test } from 'tap'
import { stringify } from 'yaml'
import { noteUnowned } from '../../../src/server/adoption/unowned-count.ts'
import { loadConfig } from '../../../src/server/config/config.ts'
import { Upstream } from '../../../src/server/upstream/upstream.ts'
import { sendJson, startStubRegistry } from '../../fakes/stub-registry.ts'

const tenantId = '11111111-2222-3333-4444-555555555555'
const soon = { before: 0, between: 1 }

/** A configuration before a stub, and what is logged and measured of the count. */
async function open(t: Test, changes: object = {}) {
  const stub = await startStubRegistry()
  const yaml = stringify({
    upstream: { url: stub.url, ...changes },
    authentication: { entra: { tenantId, audiences: ['api://x'] } },
    environments: ['acc', 'prod'],
  })
  const config = loadConfig(join(t.testdir({ 'proxy.yaml': yaml }), 'proxy.yaml'), {})
  const upstream = new Upstream(config.upstream)
  const stop = new AbortController()
  t.teardown(async () => {
    stop.abort()
    await upstream.close()
    await stub.close()
  })
  const said: unknown[] = []
  const log = { info: (...line: unknown[]) => void said.push(line) }
  const metrics = { noteUnowned: (count: unknown) => void said.push(count) }
  return { stub, said, stop, count: () => noteUnowned(config, upstream, { log, metrics }, stop.signal, soon) }
}

t.test('models, prompts and experiments of nobody are counted over all pages, and no name is logged', async (t) => {
  const { stub, said, count } = await open(t)
  for (const name of ['fraud', 'fraud_acc', 'churn', 'risk_prod', 'secret-name']) stub.models.push({ name, created: 1 })
  stub.models.push({ name: 'greeting', created: 1, isPrompt: true })
  stub.experiments.push({ id: '1', name: 'old trials' }, { id: '2', name: '/experiments/acc/x' })
  stub.experiments.push({ id: '3', name: 'gone', deleted: true })
  await count()
  t.match(said, [
    { model: 4, experiment: 1 },
    [{ model: 4, experiment: 1 }, /at least 4 models and 1 experiment .*doctor.*adopt/],
  ])
  t.notMatch(JSON.stringify(said), /fraud|secret-name|trials/)
})

t.test('where everything has an environment, only the metric says so', async (t) => {
  const { stub, said, count } = await open(t)
  stub.models.push({ name: 'fraud_acc', created: 1 })
  await count()
  t.same(said, [{ model: 0, experiment: 0 }])
})

t.test('it waits for MLflow, and ends with the configuration', async (t) => {
  const { stub, said, stop, count } = await open(t)
  let refused = 0
  stub.interrupt = (_path, _fields, response) => {
    if (refused++ === 2) stub.interrupt = () => false
    sendJson(response, 503, {})
    return true
  }
  await count()
  t.ok(refused >= 3)
  t.same(said, [{ model: 0, experiment: 0 }])
  stop.abort()
  stub.asked.length = 0
  await count()
  t.same(stub.asked, [], 'nothing is asked once it was closed')
})

t.test('it reads no more pages than it may', async (t) => {
  const { stub, said, count } = await open(t)
  stub.interrupt = (path, { page_token = '0', filter = '' }, response) => {
    if (path !== 'registered-models/search') return false
    sendJson(response, 200, {
      registered_models: [{ name: `${filter}${page_token}` }],
      next_page_token: String(Number(page_token) + 1),
    })
    return true
  }
  await count()
  t.match(said[0], { model: 50, experiment: 0 }, '25 pages of models, and 25 of prompts')
})

t.test('only callers’ tokens open MLflow: nothing is asked', async (t) => {
  const { stub, said, count } = await open(t, { credentials: { mode: 'passthrough' } })
  await count()
  t.same([said, stub.asked], [[], []])
})
