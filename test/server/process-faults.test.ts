import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { LineSink } from '../../src/server/observability/line-sink.ts'
import { reply, runId, startFakeUpstream } from '../fakes/fake-upstream.ts'
import { startIssuer } from '../fakes/issuer.ts'
import { type ProcessOptions, type ProxyProcess, startProxyProcess } from '../harness/proxy-process.ts'

// What befalls the process itself: its standard output, and its end.
const upstream = await startFakeUpstream()
const issuer = await startIssuer()
const headers = { authorization: `Bearer ${await issuer.token()}` }
t.teardown(() => Promise.all([upstream.close(), issuer.close()]))

const model = { registered_model: { name: 'fraud_acc' } }
const read = '/api/2.0/mlflow/registered-models/get?name=fraud'
const create = '/api/2.0/mlflow/registered-models/create'
const artifact = `/api/2.0/mlflow-artifacts/artifacts/0/${runId}/artifacts/model.bin`

async function start(t: Test, more: Partial<ProcessOptions> = {}) {
  upstream.answer = reply(200, model)
  const proxy = await startProxyProcess({ upstream: upstream.url, issuer, ...more })
  t.teardown(() => proxy.close())
  return proxy
}

/** Sends so many requests, eight at a time, and gives what they were answered. */
async function ask({ url }: ProxyProcess, count: number): Promise<Record<number, number>> {
  const statuses: Record<number, number> = {}
  let left = count
  const work = async () => {
    while (left-- > 0) {
      const answer = await fetch(url + read, { headers })
      await answer.arrayBuffer()
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: 8 }, work))
  return statuses
}

async function lostLines({ adminUrl }: ProxyProcess): Promise<number> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text()
  return Number(/^mlflow_env_proxy_log_lines_lost_total (\d+)$/m.exec(text)?.[1])
}

/** It lives, is ready, answers at once, and ends well when it is asked to. */
async function checkHealth(t: Test, proxy: ProxyProcess, what: string): Promise<void> {
  for (const path of ['livez', 'readyz']) {
    const started = performance.now()
    t.equal((await fetch(`${proxy.adminUrl}/${path}`)).status, 200, `${what}: ${path}`)
    t.ok(performance.now() - started < 1_000, `${what}: ${path} at once`)
  }
  t.same(await ask(proxy, 5), { 200: 5 }, `${what}: and it serves`)
}

async function checkEnd(t: Test, proxy: ProxyProcess, what: string): Promise<void> {
  proxy.signal('SIGTERM')
  t.equal(await Promise.race([proxy.ended, sleep(8_000, 'nothing', { ref: false })]), 0, `${what}: it ends well`)
}

t.test('standard output is closed, from the start or later: lines are lost and counted, nothing else', async (t) => {
  const later = await start(t)
  t.same(await ask(later, 20), { 200: 20 })
  t.equal(await lostLines(later), 0)
  later.stdout?.destroy()
  t.same(await ask(later, 50), { 200: 50 })
  const lost = await lostLines(later)
  t.ok(lost > 0 && lost <= 50, `${lost} lines`)
  await checkHealth(t, later, 'closed later')
  await checkEnd(t, later, 'closed later')

  const closed = await startProxyProcess({ upstream: upstream.url, issuer, wait: false })
  t.teardown(() => closed.close())
  closed.stdout?.destroy()
  for (let tries = 0; tries < 200 && (await fetch(`${closed.adminUrl}/readyz`).catch(() => null))?.status !== 200; tries++)
    await sleep(50)
  await checkHealth(t, closed, 'closed from the start')
  t.ok((await lostLines(closed)) > 0)
  await checkEnd(t, closed, 'closed from the start')
})

t.test('the disk is full: lines are lost and counted, nothing else', async (t) => {
  const output = openSync('/dev/full', 'w')
  const proxy = await start(t, { output })
  closeSync(output)
  t.same(await ask(proxy, 50), { 200: 50 })
  const post = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: '{"name":"fraud"}' }
  t.equal((await fetch(proxy.url + create, post)).status, 503, 'no change without a line of it')
  await checkHealth(t, proxy, 'full')
  t.ok((await lostLines(proxy)) > 0)
  await checkEnd(t, proxy, 'full')
})

t.test('nobody reads standard output: nothing waits for it, and when somebody reads again nothing is missing', async (t) => {
  const proxy = await start(t)
  proxy.stdout?.pause()
  t.same(await ask(proxy, 600), { 200: 600 })
  await checkHealth(t, proxy, 'unread')
  t.equal(await lostLines(proxy), 0, 'hundreds of lines wait')
  proxy.stdout?.resume()
  const audited = () => proxy.lines().filter(({ audit }) => audit === true).length
  for (let tries = 0; tries < 100 && proxy.out().split('"audit":true').length <= 605; tries++) await sleep(50)
  t.equal(audited(), 605)
  proxy.stdout?.pause()
  t.same(await ask(proxy, 500), { 200: 500 })
  await checkEnd(t, proxy, 'unread at the end')
})

t.test('the audit has a file of its own, and at the end every line is in it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'audit-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const file = { path: join(folder, 'audit.jsonl'), maxSize: '16KiB', kept: 50 }
  const proxy = await start(t, { settings: { audit: { destination: 'file', file } } })
  t.same(await ask(proxy, 60), { 200: 60 })
  await checkEnd(t, proxy, 'its own file')
  const files = readdirSync(folder)
  t.ok(files.length > 1, `${files.length} files`)
  const lines = files.flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'))
  t.equal(lines.filter((line) => JSON.parse(line).audit === true).length, 60)
  t.notMatch(proxy.out(), '"audit":true')
  const broken = await startProxyProcess({
    upstream: upstream.url,
    issuer,
    wait: false,
    settings: { audit: { destination: 'file', file: { path: join(folder, 'no', 'audit.jsonl') } } },
  })
  t.equal(await broken.ended, 1)
  t.match(broken.err(), /cannot write the audit \(audit\.file\.path\): ENOENT/)
})

t.test('law: every line goes out once and in order, or is counted', async (t) => {
  const out: string[] = []
  let fails = false
  let lost = 0
  let release: (() => void) | null = null
  const send = async (text: string) => {
    if (release !== null) await new Promise<void>((resolve) => (release = resolve))
    if (fails) throw new Error('ENOSPC')
    out.push(text)
  }
  const sink = new LineSink({ send, sendNow: (text) => void out.push(text) }, { lost: (lines) => (lost += lines) })
  for (let line = 0; line < 1_000; line++) sink.write(`${line}\n`)
  await sink.end(1_000)
  t.equal(out.join(''), Array.from({ length: 1_000 }, (_, line) => `${line}\n`).join(''))
  out.length = 0
  fails = true
  sink.write('a\n')
  await sleep(50)
  fails = false
  sink.write('b\n')
  await sleep(1_200)
  t.equal(lost, 1)
  t.match(
    out.join(''),
    /^\n\{"level":40,"time":\d+,"lost":1,"msg":"lines of the log were lost: they could not be written"\}\nb\n$/,
  )
  out.length = 0
  release = () => undefined
  const long = `${'x'.repeat(1024 * 1024 - 1)}\n`
  for (let line = 0; line < 8; line++) sink.write(long)
  t.ok(lost >= 4, `${lost - 1} lines of a MiB did not fit`)
  const started = performance.now()
  await sink.end(200)
  t.ok(performance.now() - started < 1_000, 'the end does not wait for ever')
  const held = lost
  sink.flush()
  t.ok(out.length > 0 && lost === held, 'what is left goes out at the very end')
})

/** A caller who asks one thing after the other on one kept connection, until it is told to stop. */
async function keepAsking(proxy: ProxyProcess, path: string, isOver: () => boolean): Promise<string[]> {
  const outcomes: string[] = []
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  while (!isOver()) {
    outcomes.push(
      await new Promise<string>((resolve) => {
        const asked = request(proxy.url + path, { agent, headers }, (answer) => {
          let text = ''
          answer.setEncoding('latin1').on('data', (chunk) => (text += chunk))
          answer.once('end', () => resolve(`${answer.statusCode} ${text.length > 0}`))
          answer.once('error', (error) => resolve(String(error)))
        })
        asked.once('error', (error) => resolve(String(error))).end()
      }),
    )
  }
  agent.destroy()
  return outcomes
}

t.test('SIGTERM under load: not ready at once, and every request that comes while load balancers look is answered', async (t) => {
  const proxy = await start(t, { settings: { shutdown: { drainSeconds: 2 } } })
  let [carriedOut, over] = [0, false]
  upstream.answer = (incoming, response) => {
    carriedOut += 1
    const slow = Math.random() < 0.1 ? 400 : 5
    if (incoming.url?.includes('artifacts'))
      return void setTimeout(() => reply(200, 'x'.repeat(200_000))(incoming, response), slow)
    setTimeout(() => reply(200, model)(incoming, response), slow)
  }
  const callers = Array.from({ length: 16 }, (_, index) => keepAsking(proxy, index % 4 === 0 ? artifact : read, () => over))
  await sleep(700)
  proxy.signal('SIGTERM')
  await sleep(150)
  const ready = await fetch(`${proxy.adminUrl}/readyz`)
  t.equal(ready.status, 503, 'not ready')
  await ready.arrayBuffer()
  await sleep(1_000)
  over = true
  const outcomes = (await Promise.all(callers)).flat()
  t.same([...new Set(outcomes)], ['200 true'], `${outcomes.length} requests`)
  t.equal(carriedOut, outcomes.length, 'each once')
  t.equal(await proxy.ended, 0)
})

t.test(
  'SIGTERM while MLflow hangs: what waits is answered when its time is over, or broken off when the process must end',
  async (t) => {
    const timeouts = { connectSeconds: 1, answerSeconds: 2 }
    const settings = { upstream: { url: upstream.url, timeouts }, shutdown: { drainSeconds: 0, finishSeconds: 30 } }
    const patient = await start(t, { settings })
    const hasty = await start(t, { settings: { shutdown: { drainSeconds: 0, finishSeconds: 1 } } })
    upstream.answer = () => undefined
    const post = ({ url }: ProxyProcess) =>
      fetch(url + create, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: '{"name":"fraud"}',
      }).then(
        async (answer) => `${answer.status} ${await answer.text()}`,
        () => 'broken',
      )
    const waiting = [post(patient), post(hasty)]
    await sleep(500)
    const started = performance.now()
    patient.signal('SIGTERM')
    hasty.signal('SIGTERM')
    t.match(
      await waiting[0],
      /^409 .*MLflow did not answer in time: the request may have been carried out.*Check before you send it again/,
    )
    t.equal(await patient.ended, 0)
    t.equal(await waiting[1], 'broken')
    t.equal(await hasty.ended, 1)
    t.ok(performance.now() - started < 8_000, `${Math.round(performance.now() - started)} ms`)
  },
)

t.end()
