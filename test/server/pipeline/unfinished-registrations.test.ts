import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { newestMlflow } from '../../../scripts/setup/python-environments.mjs'
import { startBrokenUpstream } from '../../fakes/broken-upstream.ts'
import { startIssuer } from '../../fakes/issuer.ts'
import { startApp } from '../../harness/app.ts'
import { answer, drop, lose } from '../../harness/faults.ts'
import { startMlflow } from '../../harness/mlflow-server.ts'
import { startProxyProcess } from '../../harness/proxy-process.ts'

// A version is created and then moved to its stage: two requests, and between them anything may happen.
const issuer = await startIssuer()
const mlflow = await startMlflow({ version: newestMlflow })
const broken = await startBrokenUpstream(mlflow.url)
t.teardown(async () => {
  await broken.close()
  await Promise.all([mlflow.close(), issuer.close()])
})

const api = '/api/2.0/mlflow'
interface Ingress {
  readonly url: string
  /** None for MLflow itself. */
  readonly token?: string
}

async function call({ url, token = '' }: Ingress, method: string, path: string, body?: object) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const response = await fetch(`${url}${api}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) })
  const text = await response.text()
  return { status: response.status, text, body: text.startsWith('{') ? JSON.parse(text) : {} }
}

/** What MLflow itself says of a model's only version. */
async function stored(name: string): Promise<{ stage: string; tags: string[] }> {
  const { body } = await call(mlflow, 'GET', `/model-versions/get?name=${name}_acc&version=1`)
  const { current_stage: stage, tags = [] } = body.model_version ?? {}
  return { stage, tags: tags.map(({ key }: { key: string }) => key) }
}

const isMove: (heard: { path: string }) => boolean = ({ path }) => path.includes('/model-versions/transition-stage')
const finished = { stage: 'Staging', tags: [] }

async function makeModels(ingress: Ingress, names: readonly string[]): Promise<string> {
  const { body } = await call(ingress, 'POST', '/runs/create', { experiment_id: '0' })
  for (const name of names) await call(ingress, 'POST', '/registered-models/create', { name })
  return body.run.info.run_id
}

function register(ingress: Ingress, name: string, runId: string) {
  return call(ingress, 'POST', '/model-versions/create', { name, source: `runs:/${runId}/model`, run_id: runId })
}

/** Everything that touches a version, and what it answers of the version: its stage, where it says one. */
const touches: Readonly<Record<string, (ingress: Ingress, name: string) => Promise<unknown>>> = {
  get: async (ingress, name) =>
    (await call(ingress, 'GET', `/model-versions/get?name=${name}&version=1`)).body.model_version.current_stage,
  search: async (ingress, name) => {
    const { body } = await call(ingress, 'GET', `/model-versions/search?filter=${encodeURIComponent(`name='${name}'`)}`)
    return body.model_versions[0].current_stage
  },
  model: async (ingress, name) =>
    (await call(ingress, 'GET', `/registered-models/get?name=${name}`)).body.registered_model.latest_versions[0].current_stage,
  models: async (ingress, name) => {
    const { body } = await call(ingress, 'GET', `/registered-models/search?filter=${encodeURIComponent(`name='${name}'`)}`)
    return body.registered_models[0].latest_versions[0].current_stage
  },
  latest: async (ingress, name) =>
    (await call(ingress, 'POST', '/registered-models/get-latest-versions', { name })).body.model_versions[0].current_stage,
  staged: async (ingress, name) => {
    const { body } = await call(ingress, 'POST', '/registered-models/get-latest-versions', { name, stages: ['Staging'] })
    return body.model_versions?.[0]?.current_stage
  },
  tag: async (ingress, name) => {
    const { status } = await call(ingress, 'POST', '/model-versions/set-tag', { name, version: '1', key: 'k', value: 'v' })
    await call(ingress, 'DELETE', '/model-versions/delete-tag', { name, version: '1', key: 'k' })
    return status === 200 ? 'Staging' : status
  },
  describe: async (ingress, name) => {
    const { body } = await call(ingress, 'PATCH', '/model-versions/update', { name, version: '1', description: 'd' })
    return body.model_version.current_stage
  },
  alias: async (ingress, name) => {
    const { status } = await call(ingress, 'POST', '/registered-models/alias', { name, version: '1', alias: 'champion' })
    return status === 200 ? 'Staging' : status
  },
  download: async (ingress, name) => {
    const { status } = await call(ingress, 'GET', `/model-versions/get-download-uri?name=${name}&version=1`)
    return status === 200 ? 'Staging' : status
  },
}

/** Lets each touch look at a version of its own, through another replica, and looks at what MLflow then has. */
async function checkTouches(t: Test, ingress: Ingress, prefix: string): Promise<void> {
  for (const [touch, look] of Object.entries(touches)) {
    const name = `${prefix}-${touch}`
    t.match(await stored(name), { stage: 'None', tags: ['mlflow-env-proxy.pendingStage'] }, `${name}: unfinished`)
    t.equal(await look(ingress, name), 'Staging', `${name}: whoever touches it finds it finished`)
    t.same(await stored(name), finished, `${name}: and so it is`)
  }
}

/** A replica in this process, with an issuer of its own. */
async function replica(t: Test): Promise<Ingress> {
  const app = await startApp({ upstream: broken.url })
  t.teardown(() => app.close())
  return app
}

t.test(
  'SIGKILL between the creation of versions and their stage: the next touch of each finishes it, in another replica',
  async (t) => {
    const process = await startProxyProcess({ upstream: broken.url, issuer })
    const killed = { url: process.url, token: await issuer.token() }
    const names = Object.keys(touches).map((touch) => `killed-${touch}`)
    const runId = await makeModels(killed, names)
    let waiting = 0
    broken.fault = (heard) => {
      if (!isMove(heard)) return null
      waiting += 1
      return () => undefined
    }
    const lost = names.map((name) => register(killed, name, runId).catch(() => 'broken'))
    for (let tries = 0; tries < 200 && waiting < names.length; tries++) await sleep(50)
    process.signal('SIGKILL')
    t.same(
      await Promise.all(lost),
      names.map(() => 'broken'),
    )
    t.equal(await process.ended, 'SIGKILL')
    broken.fault = () => null
    await checkTouches(t, await replica(t), 'killed')
  },
)

t.test('a move that fails, in whatever way: the caller is told what to do, and the next touch does it', async (t) => {
  const [first, second] = await Promise.all([replica(t), replica(t)])
  const faults = [drop, answer(500, '<html>'), answer(503, '{"error_code":"TEMPORARILY_UNAVAILABLE","message":"x"}')]
  const names = Object.keys(touches).map((touch) => `failed-${touch}`)
  const runId = await makeModels(first, names)
  const isCreation = ({ path }: { path: string }) => path.includes('/model-versions/create')
  for (const [index, name] of names.entries()) {
    // Nothing is moved, or nobody knows.
    broken.fault = (heard) =>
      isMove(heard) ? (exchange) => faults[index % 3]?.({ ...exchange, carryOut: async () => Buffer.alloc(0) }) : null
    const before = broken.ledger.filter(isCreation).length
    const { status, body } = await register(first, name, runId)
    t.same([status, body.error_code], [409, 'BAD_REQUEST'], `${name}: no client sends it again`)
    t.match(
      body.message,
      `Version 1 of model '${name}' was registered, but MLflow could not move it to Staging. Do not register it again`,
    )
    t.equal(broken.ledger.filter(isCreation).length, before + 1, 'one version')
  }
  broken.fault = () => null
  await checkTouches(t, second, 'failed')
})

t.test('a move of which the answer is lost, and a note that stays behind: finished once, and a later move stays', async (t) => {
  const proxy = await replica(t)
  const runId = await makeModels(proxy, ['lost', 'noted'])
  broken.fault = (heard) => (isMove(heard) ? lose : null)
  t.equal((await register(proxy, 'lost', runId)).status, 409)
  broken.fault = (heard) => (heard.path.includes('/model-versions/delete-tag') ? drop : null)
  t.equal((await register(proxy, 'noted', runId)).status, 409)
  broken.fault = () => null
  t.match(await stored('noted'), { stage: 'Staging', tags: ['mlflow-env-proxy.pendingStage'] })
  await call(mlflow, 'POST', '/model-versions/transition-stage', { name: 'noted_acc', version: '1', stage: 'Archived' })
  for (const [name, stage] of [
    ['lost', 'Staging'],
    ['noted', 'Archived'],
  ] as const) {
    t.equal(await touches.search?.(proxy, name), stage, name)
    t.same(await stored(name), { stage, tags: [] }, name)
  }
})

t.test('lists are given although a version in them cannot be finished now, and a transition waits for nothing', async (t) => {
  const proxy = await replica(t)
  const runId = await makeModels(proxy, ['stuck'])
  broken.fault = (heard) => (isMove(heard) ? drop : null)
  t.equal((await register(proxy, 'stuck', runId)).status, 409)
  t.equal(await touches.search?.(proxy, 'stuck'), 'None')
  t.equal(await touches.model?.(proxy, 'stuck'), 'None')
  t.equal(await touches.staged?.(proxy, 'stuck'), undefined)
  broken.fault = () => null
  const { body } = await call(proxy, 'POST', '/model-versions/transition-stage', {
    name: 'stuck',
    version: '1',
    stage: 'Archived',
    archive_existing_versions: false,
  })
  t.equal(body.model_version.current_stage, 'Archived')
  t.same(await stored('stuck'), { stage: 'Archived', tags: [] })
})

t.end()
