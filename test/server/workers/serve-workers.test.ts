import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { parse, stringify } from 'yaml'
import { reply, startFakeUpstream } from '../../fakes/fake-upstream.ts'
import { startIssuer } from '../../fakes/issuer.ts'
import { startProxyProcess } from '../../harness/proxy-process.ts'
import { childrenOf, clientPortsOf } from '../../harness/worker-processes.ts'

const upstream = await startFakeUpstream()
const issuer = await startIssuer()
const token = await issuer.token()
const folder = mkdtempSync(join(tmpdir(), 'workers-'))
const audit = join(folder, 'audit.jsonl')
upstream.answer = reply(200, { registered_model: { name: 'fraud_acc' } })
const settings = {
  workers: 2,
  shutdown: { drainSeconds: 0, finishSeconds: 30 },
  // Small enough that it goes on in further files.
  audit: { destination: 'file', file: { path: audit, maxSize: 4_000, kept: 1_000 } },
}
const proxy = await startProxyProcess({ upstream: upstream.url, issuer, settings })
t.teardown(async () => {
  await proxy.close()
  await Promise.all([upstream.close(), issuer.close()])
  rmSync(folder, { recursive: true })
})
const path = '/api/2.0/mlflow/registered-models/get?name=fraud'
let answered = 0

/** A connection that stays open, and the status of a request over it; null where it ended before an answer. */
async function open() {
  const socket = connect(Number(new URL(proxy.url).port), '127.0.0.1').on('error', () => undefined)
  await once(socket, 'connect')
  return { socket, port: socket.localPort ?? 0, ask: () => ask(socket) }
}

/** One after the other. */
async function openSix() {
  const kept: Awaited<ReturnType<typeof open>>[] = []
  for (let count = 0; count < 6; count++) {
    const connection = await open()
    kept.push(connection)
    t.equal(await connection.ask(), 200)
  }
  return kept
}

async function ask(socket: Socket, target = path): Promise<number | null> {
  if (socket.destroyed) return null
  socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`)
  const heard = await Promise.race([once(socket, 'data'), once(socket, 'close').then(() => [])])
  const [text] = heard
  if (text === undefined) return null
  answered += 1
  return Number(String(text).split(' ')[1])
}

const readiness = async (): Promise<Record<string, unknown>> => (await fetch(`${proxy.adminUrl}/readyz`)).json()

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(20)
}

const complete = () => until(async () => JSON.stringify(await readiness()) === '{"status":"ready"}')

async function counted(): Promise<number> {
  const text = await (await fetch(`${proxy.adminUrl}/metrics`)).text()
  const rows = text.split('\n').filter((row) => row.startsWith('mlflow_env_proxy_requests_total{'))
  return rows.reduce((sum, row) => sum + Number(row.split(' ').at(-1)), 0)
}

/** The lines of the audit, in all of its files. */
function auditLines(): Record<string, unknown>[] {
  const files = readdirSync(folder).filter((name) => name.startsWith('audit.jsonl'))
  const text = files.map((name) => readFileSync(join(folder, name), 'utf8')).join('')
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
}

t.test('connections are spread over the workers, and the process that listens holds none', async (t) => {
  await complete()
  const kept = await openSix()
  for (const pid of childrenOf(proxy.pid)) t.ok(kept.some(({ port }) => clientPortsOf(pid).has(port)))
  await until(async () => !kept.some(({ port }) => clientPortsOf(proxy.pid).has(port)))
  for (const { socket } of kept) socket.destroy()
})

t.test('a worker that is killed takes its own connections with it, and nothing else; another takes its place', async (t) => {
  await complete()
  const kept = await openSix()
  t.equal(await counted(), answered, 'the metrics are those of all workers')
  const [victim = 0, other] = childrenOf(proxy.pid)
  process.kill(victim, 'SIGSTOP')
  const lost = clientPortsOf(victim)
  // One of them is on its way to the worker that does not react any more.
  const coming = await Promise.all([1, 2, 3, 4].map(open))
  let done = 0
  const statuses = coming.map(async (connection) => {
    const status = await connection.ask()
    done += 1
    return status
  })
  await until(async () => done >= 3)
  t.equal(done, 3)
  process.kill(victim, 'SIGKILL')
  t.same(await Promise.all(statuses), [200, 200, 200, 200], 'it reached the other worker')
  for (const connection of kept) t.equal(await connection.ask(), lost.has(connection.port) ? null : 200)
  await complete()
  const now = childrenOf(proxy.pid)
  t.equal(now.length, 2)
  t.ok(now.includes(other ?? 0) && !now.includes(victim))
  t.equal(await counted(), answered, 'what the killed worker counted stays counted')
  for (const { socket } of [...kept, ...coming]) socket.destroy()
})

t.test('the audit of all workers is one, of whole lines, also where it goes on in another file', async (t) => {
  const connections = await Promise.all(Array.from({ length: 20 }, open))
  await Promise.all(
    connections.map(async ({ socket, ask }) => {
      for (let count = 0; count < 5; count++) t.equal(await ask(), 200)
      socket.destroy()
    }),
  )
  await until(async () => auditLines().length >= answered)
  t.equal(auditLines().length, answered)
  t.equal(new Set(auditLines().map(({ requestId }) => requestId)).size, answered)
  t.ok(readdirSync(folder).length > 5)
})

t.test('a reload counts at every worker, or at none', async (t) => {
  const written: Record<string, unknown> = parse(readFileSync(proxy.file, 'utf8'))
  const inEach = async (target: string) => {
    const connections = [await open(), await open()]
    const statuses = await Promise.all(connections.map(({ socket }) => ask(socket, target)))
    for (const { socket } of connections) socket.destroy()
    return statuses
  }
  const reload = async (content: object, said: RegExp) => {
    const before = proxy.lines().length
    writeFileSync(proxy.file, stringify({ ...written, ...content }))
    proxy.signal('SIGHUP')
    await until(async () =>
      proxy
        .lines()
        .slice(before)
        .some(({ msg }) => said.test(String(msg))),
    )
  }
  upstream.answer = reply(200, { registered_model: { name: 'fraud_blue' } })
  t.same(await inEach(`/env/blue${path}`), [403, 403])
  await reload({ environments: { acc: {}, blue: { groups: ['apps_acc'] } } }, /was reloaded/)
  t.same(await inEach(`/env/blue${path}`), [200, 200])
  await reload(
    { environments: ['acc'], authentication: { issuers: [{ kind: 'oidc', issuer: 'http://127.0.0.1:9', audiences: ['a'] }] } },
    /was not reloaded/,
  )
  t.same(await inEach(`/env/blue${path}`), [200, 200])
})

t.test('SIGTERM lets every worker finish what it has begun', async (t) => {
  const connections = [await open(), await open()]
  const reached: (() => void)[] = []
  upstream.answer = (request, response) =>
    void reached.push(() => reply(200, { registered_model: { name: 'fraud_acc' } })(request, response))
  const statuses = connections.map(({ socket }) => ask(socket, `/env/acc${path}`))
  await until(async () => reached.length === 2)
  const workers = childrenOf(proxy.pid)
  proxy.signal('SIGTERM')
  // Ctrl-C and service managers signal all processes.
  for (const pid of workers) process.kill(pid, 'SIGTERM')
  await until(async () => proxy.lines().some(({ msg }) => msg === 'stopping'))
  for (const answer of reached) answer()
  t.same(await Promise.all(statuses), [200, 200])
  t.equal(await proxy.ended, 0)
  t.same(childrenOf(proxy.pid), [])
  t.equal(auditLines().length, answered)
  t.equal(proxy.err(), '')
})
