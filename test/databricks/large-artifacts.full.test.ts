import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { objectOf, text } from '../fakes/workspace/call.ts'
import { type GuardedWorkspace, startGuardedWorkspace } from '../fakes/workspace/guarded-workspace.ts'
import { askWorkspace } from '../fakes/workspace/member.ts'
import { ask, finish, growth, type Ingress, MiB, readDigest, sendBlocks } from '../harness/artifact-stream.ts'
import { startMlflow } from '../harness/mlflow-server.ts'
import { type ProxyProcess, startProxyProcess } from '../harness/proxy-process.ts'

const large = 1024 * MiB

const minutes = 15
t.setTimeout(minutes * 60_000)
const mlflow = await startMlflow({ version: '3.17.2' })
t.teardown(() => mlflow.close())

/** A run before a workspace, and the way to its artifacts. */
interface Place extends Ingress {
  readonly proxy: ProxyProcess
  readonly guarded: GuardedWorkspace
}

/** `seconds`: how long signatures are good for. */
async function prepare(t: Test, storage: 'blob' | 'adls', seconds: () => number): Promise<Place> {
  const guarded = await startGuardedWorkspace({ mlflow, storage, credentialSeconds: seconds })
  t.teardown(() => guarded.close())
  const { upstream, issuer } = guarded.settings
  const proxy = await startProxyProcess({ upstream: guarded.workspace.url, issuer, settings: { upstream } })
  t.teardown(() => proxy.close())
  const token = await guarded.token({})
  const made = await askWorkspace(proxy.url, 'POST', '/api/2.0/mlflow/runs/create', { experiment_id: '0' }, token)
  const uri = text(objectOf(objectOf(made.fields.run).info), 'artifact_uri')
  return { proxy, guarded, token, store: `/api/2.0/mlflow-artifacts/artifacts${uri.replace('mlflow-artifacts:', '')}` }
}

/** How often signatures were asked for since `before` calls. */
function signatures({ guarded }: Place, access: 'read' | 'write', before = 0): number {
  const calls = guarded.workspace.calls().slice(before)
  return calls.filter(({ path }) => path.endsWith(`/artifacts/credentials-for-${access}`)).length
}

async function checkMemory(t: Test, place: Place): Promise<void> {
  await sendBlocks(place, 'first.bin', MiB)
  let sent = ''
  const up = await growth(place, async () => {
    const { status, digest } = await sendBlocks(place, 'large.bin', large)
    t.equal(status, 200)
    sent = digest
  })
  const down = await growth(place, async () => {
    t.same(await readDigest(place, 'large.bin'), { digest: sent, bytes: large }, `${large / MiB} MiB come back as they went`)
  })
  t.comment(`memory of the proxy: +${up} MiB for ${large / MiB} MiB up, +${down} MiB down`)
  t.ok(up < 64, `uploading: +${up} MiB`)
  t.ok(down < 64, `downloading: +${down} MiB`)
  const files = await guarded(place)
  t.match(files.get('large.bin'), large, 'and lie in the storage whole')
}

async function guarded({ guarded: { workspace }, store }: Place): Promise<Map<string, number>> {
  const folder = store.replace(/^.*\/artifacts\/(\d+)\//, 'databricks/mlflow-tracking/$1/')
  const files = await workspace.storage.files(folder)
  return new Map(files.map(({ path, size }) => [path.slice(folder.length + 1), size]))
}

async function checkAtOnce(t: Test, place: Place): Promise<void> {
  const names = Array.from({ length: 6 }, (_, index) => `parallel-${index}.bin`)
  const sent = await Promise.all(names.map((name) => sendBlocks(place, name, 24 * MiB, name.endsWith('0.bin'))))
  const got = await Promise.all(names.map((name) => readDigest(place, name)))
  t.same(
    got.map(({ digest }) => digest),
    sent.map(({ digest }) => digest),
    'six at once, of several parts each, up and down',
  )
}

/** An upload that takes longer than its signature is good for. */
async function checkExpiry(t: Test, place: Place): Promise<void> {
  const before = place.guarded.workspace.calls().length
  const part = Buffer.alloc(12 * MiB, 'x')
  const asked = ask(place, 'PUT', 'slow.bin', { 'content-length': String(2 * part.length) })
  const done = finish(asked)
  asked.write(part)
  await sleep(3_500)
  asked.end(part)
  t.equal((await done).status, 200)
  t.equal((await readDigest(place, 'slow.bin')).bytes, 2 * part.length)
  t.equal(signatures(place, 'write', before), 2, 'one signature more, where the first had expired')
}

async function checkRefused(t: Test, place: Place): Promise<void> {
  for (const [method, access] of [
    ['PUT', 'write'],
    ['GET', 'read'],
  ] as const) {
    const before = place.guarded.workspace.calls().length
    const asked = ask(place, method, 'first.bin')
    asked.end(method === 'PUT' ? Buffer.from('never stored') : undefined)
    const { status, body } = await finish(asked)
    t.match([status, body], [501, /storage of the artifacts refuses this request \(403/], body)
    t.notMatch(body, /sig=|127\.0\.0\.1|se=20/, 'and nothing is said of where')
    t.equal(signatures(place, access, before), 2, `${method}: anew once, not for ever`)
  }
  t.equal((await guarded(place)).get('first.bin'), MiB, 'what was there is as it was')
}

for (const storage of ['blob', 'adls'] as const) {
  t.test(`artifacts of a workspace with ${storage} storage`, async (t) => {
    t.setTimeout(minutes * 60_000)
    let seconds = 3_600
    const place = await prepare(t, storage, () => seconds)
    await t.test('large ones pass in flat memory', (t) => checkMemory(t, place))
    await t.test('several at once', (t) => checkAtOnce(t, place))
    seconds = 2
    await t.test('a signature that expires in the middle', (t) => checkExpiry(t, place))
    seconds = -60
    await t.test('signatures that the storage never takes', (t) => checkRefused(t, place))
    t.notMatch(place.proxy.out(), /sig=|eyJ/, 'no signed URL and no token is logged')
  })
}
