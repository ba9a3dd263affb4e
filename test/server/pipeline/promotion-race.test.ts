import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { type ClientRequest, request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { newestMlflow } from '../../../scripts/setup/python-environments.mjs'
import { startIssuer } from '../../fakes/issuer.ts'
import { ask, finish, put } from '../../harness/artifact-stream.ts'
import { isFullRun } from '../../harness/full-run.ts'
import { type MlflowServer, startMlflow } from '../../harness/mlflow-server.ts'
import { type ProxyProcess, startProxyProcess } from '../../harness/proxy-process.ts'

const issuer = await startIssuer()
t.teardown(() => issuer.close())
const acc = await issuer.token()
const prod = await issuer.token({ roles: ['apps_prod'] })

interface Place {
  readonly mlflow: MlflowServer
  readonly proxy: ProxyProcess
}

async function call({ proxy }: Place, token: string, path: string, body: object) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const answer = await fetch(`${proxy.url}/api/2.0/mlflow/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  return { status: answer.status, body: await answer.json() }
}

const old = Buffer.from('what was registered')

/** A version of acc's in Staging, whose one file can be read where MLflow keeps it. */
async function register(place: Place, name: string) {
  const created = await call(place, acc, 'runs/create', { experiment_id: '0', start_time: 1 })
  const { run_id: runId, artifact_uri: uri } = created.body.run.info
  const ingress = { proxy: place.proxy, token: acc, store: `/api/2.0/mlflow-artifacts/artifacts/0/${runId}/artifacts` }
  await put(ingress, 'model/data.bin', old)
  await call(place, acc, 'registered-models/create', { name })
  await call(place, acc, 'model-versions/create', { name, source: `${uri}/model`, run_id: runId })
  const stage = { name: `${name}_acc`, version: '1', stage: 'Production', archive_existing_versions: false }
  const [folder = ''] = readdirSync(place.mlflow.artifactFolder)
  return {
    ingress,
    runId,
    promote: () => call(place, prod, 'model-versions/transition-stage', stage),
    bytes: () => readFileSync(join(place.mlflow.artifactFolder, folder, runId, 'artifacts/model/data.bin')),
  }
}

type Registered = Awaited<ReturnType<typeof register>>
type Begin = (version: Registered, size: number) => ClientRequest

const begin: Readonly<Record<string, Begin>> = {
  'PUT with a length': ({ ingress }, size) => ask(ingress, 'PUT', 'model/data.bin', { 'content-length': String(size) }),
  'PUT in chunks': ({ ingress }) => ask(ingress, 'PUT', 'model/data.bin'),
  'POST upload-artifact': ({ ingress, runId }, size) => {
    const path = `/ajax-api/2.0/mlflow/upload-artifact?run_id=${runId}&path=model/data.bin`
    const headers = { authorization: `Bearer ${ingress.token}`, 'content-length': String(size) }
    return request(`${ingress.proxy.url}${path}`, { method: 'POST', headers, agent: false })
  },
}

/** Begins an upload and leaves its last byte out; gives how it is ended. */
async function allButTheLast(upload: ClientRequest, size: number) {
  upload.on('error', () => undefined)
  const answer = finish(upload).then(
    ({ status }) => status,
    () => 'broken',
  )
  upload.write(Buffer.alloc(size - 1, 'N'))
  await sleep(50)
  return () => {
    upload.end('N')
    return answer
  }
}

async function prepare(t: Test, version: string, workers: number): Promise<Place> {
  const mlflow = await startMlflow({ version, workers })
  t.teardown(() => mlflow.close())
  const environments = { acc: {}, prod: { production: true, promotesFrom: ['acc'] } }
  const proxy = await startProxyProcess({ upstream: mlflow.url, issuer, settings: { environments } })
  t.teardown(() => proxy.close())
  return { mlflow, proxy }
}

/** Sizes of uploads that arrive completely before they are sent to MLflow, and of those that are streamed. */
const sizes = [1_000, 3_000_000]

async function checkOverlapping(t: Test, place: Place, slow: number, ways = Object.entries(begin)) {
  for (const [how, start] of ways) {
    for (const size of sizes) {
      const what = `${how}, ${size} bytes, open for ${slow} ms`
      const version = await register(place, `over-${how.replaceAll(/\W/g, '')}-${size}-${slow}`)
      const ends = await Promise.all([1, 2].map(() => allButTheLast(start(version, size), size)))
      await sleep(slow)
      t.equal((await version.promote()).status, 200, `${what}: promoted`)
      t.same(await Promise.all(ends.map((end) => end())), [403, 403], `${what}: refused`)
      await sleep(200)
      t.same(version.bytes(), old, `${what}: what was there is there`)
    }
  }
}

/** Whatever comes first: what is there when the promotion is answered stays. */
async function checkRaces(t: Test, place: Place, rounds: number) {
  for (let round = 0; round < rounds; round++) {
    const size = sizes[round % sizes.length] ?? 0
    const version = await register(place, `race-${round}`)
    const end = await allButTheLast(ask(version.ingress, 'PUT', 'model/data.bin', { 'content-length': String(size) }), size)
    const ended = end()
    await sleep(round * 3)
    const { status } = await version.promote()
    const promoted = version.bytes()
    const upload = await ended
    await sleep(100)
    t.equal(status, 200, `round ${round}: promoted`)
    t.same(version.bytes(), promoted, `round ${round}: nothing changed after it (the upload: ${upload})`)
  }
}

async function checkAbandoned(t: Test, place: Place, rounds: number) {
  for (let round = 0; round < rounds; round++) {
    const version = await register(place, `gone-${round}`)
    const upload = ask(version.ingress, 'PUT', 'model/data.bin', { 'content-length': '3000000' })
    upload.on('error', () => undefined)
    upload.end(Buffer.alloc(3_000_000, 'N'))
    await Promise.race([once(upload, 'finish'), sleep(1_000)])
    await sleep(round * 5)
    upload.destroy()
    t.equal((await version.promote()).status, 200, `round ${round}: promoted`)
    const promoted = version.bytes()
    await sleep(300)
    t.same(version.bytes(), promoted, `round ${round}: an upload whose client went away changes nothing after the promotion`)
  }
}

// The everyday run has the newest server only.
const servers: readonly (readonly [version: string, workers: number])[] = [
  [newestMlflow, 1],
  ...(isFullRun ? [['2.22.4', 4] as const] : []),
]
for (const [version, workers] of servers) {
  t.test(`MLflow ${version}: bytes never change after a promotion`, async (t) => {
    const place = await prepare(t, version, workers)
    await t.test('uploads that lack a byte when the version is promoted', (t) => checkOverlapping(t, place, 0))
    await t.test('uploads that began long before', (t) => checkOverlapping(t, place, 1_200, Object.entries(begin).slice(0, 1)))
    await t.test('uploads that end while the version is promoted', (t) => checkRaces(t, place, 6))
    await t.test('uploads whose client goes away at their end', (t) => checkAbandoned(t, place, 3))
  })
}

if (isFullRun)
  t.test('a gunicorn server with one worker takes uploads of every size', async (t) => {
    const place = await prepare(t, '2.22.4', 1)
    const version = await register(place, 'single')
    for (const size of sizes) {
      t.equal((await put(version.ingress, 'model/data.bin', Buffer.alloc(size, 'N'))).status, 200, `${size} bytes`)
      t.equal(version.bytes().length, size)
    }
  })

t.end()
