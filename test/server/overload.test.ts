import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { availableParallelism, loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { type App, startApp } from '../support/app.ts'
import { reply, runId, startFakeUpstream } from '../support/fake-upstream.ts'
import { startIssuer } from '../support/issuer.ts'
import { startProxyProcess } from '../support/proxy-process.ts'

const MiB = 2 ** 20
const share = (principal: number, waiting: number) => ({ principal, environment: principal, everybody: principal, waiting })
const upstream = await startFakeUpstream()
const app = await startApp({
  upstream: upstream.url,
  limits: { memory: '16MiB', messages: share(2, 2), bytes: share(2, 2), models: share(2, 2) },
})
t.teardown(async () => {
  await app.close()
  await upstream.close()
})

const create = '/api/2.0/mlflow/registered-models/create'
const artifact = `/api/2.0/mlflow-artifacts/artifacts/7/${runId}/artifacts/model.bin`
const model = { registered_model: { name: 'fraud_acc' } }

function head(method: string, path: string, lines: readonly string[], token: string): string {
  return `${[`${method} ${path} HTTP/1.1`, 'Host: x', `Authorization: Bearer ${token}`, ...lines].join('\r\n')}\r\n\r\n`
}

/** A connection with one request, and what has come back so far. */
function open(
  t: Test,
  { port, token }: Pick<App, 'port' | 'token'>,
  method: string,
  path: string,
  body = '',
  length = body.length,
) {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined)
  t.teardown(() => void socket.destroy())
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk
  })
  socket.write(head(method, path, ['Content-Type: application/json', `Content-Length: ${length}`], token) + body)
  return { socket, text: () => text, status: () => Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0) }
}

async function until(test: () => boolean, milliseconds = 8_000): Promise<boolean> {
  for (const end = performance.now() + milliseconds; performance.now() < end; await sleep(10)) if (test()) return true
  return test()
}

/** An upstream that answers when it is told to. */
function holdAnswers(): () => void {
  const held: (() => void)[] = []
  upstream.received.length = 0
  upstream.answer = (asked, response) => void held.push(() => reply(200, model)(asked, response))
  return () => {
    upstream.answer = reply(200, model)
    for (const answer of held.splice(0)) answer()
  }
}

let asking = 0
t.beforeEach(() => {
  asking = 0
  upstream.received.length = 0
})

t.test('messages and bytes beyond their share wait, and what is too much is shed with 503, unseen by MLflow', async (t) => {
  for (const [kind, method, path] of [
    ['messages', 'POST', create],
    ['bytes', 'PUT', artifact],
  ] as const) {
    const release = holdAnswers()
    const opened = Array.from({ length: 5 }, () => open(t, app, method, path, '{"name":"fraud"}'))
    t.ok(await until(() => opened.some(({ status }) => status() === 503)), `${kind}: the fifth is shed at once`)
    const shed = opened.filter(({ status }) => status() === 503)
    t.equal(shed.length, 1)
    t.match(
      shed[0]?.text(),
      /\r\nretry-after: 1\r\n[\s\S]*"error_code":"TEMPORARILY_UNAVAILABLE","message":"Too many requests wait already\. Try again shortly\."/,
    )
    t.ok(await until(() => app.lines().some((line) => line.audit === true && line.reason === 'overloaded')), 'audited')
    t.match(
      app.lines().findLast(({ reason }) => reason === 'overloaded'),
      { status: 503, upstreamStatus: null, decision: 'none' },
    )
    release()
    t.ok(
      await until(() => opened.filter(({ status }) => status() === 200).length === 4),
      `${kind}: the others are served in turn`,
    )
    await sleep(20)
    t.equal(upstream.received.length, 4, 'the shed one was not sent')
    for (const { socket } of opened) socket.destroy()
    await sleep(20)
  }
})

t.test('whoever waits and goes away leaves the queue, and is never sent', async (t) => {
  const release = holdAnswers()
  const served = [1, 2].map(() => open(t, app, 'POST', create, '{"name":"fraud"}'))
  await sleep(100)
  for (let round = 0; round < 5; round++) {
    const waiting = [1, 2].map(() => open(t, app, 'POST', create, '{"name":"fraud"}'))
    await sleep(50)
    t.same(
      waiting.map(({ status }) => status()),
      [0, 0],
      'both have places in the queue',
    )
    for (const { socket } of waiting) socket.resetAndDestroy()
    await sleep(50)
  }
  release()
  t.ok(await until(() => served.every(({ status }) => status() === 200)))
  await sleep(50)
  t.equal(upstream.received.length, 2)
  const next = open(t, app, 'POST', create, '{"name":"fraud"}')
  t.ok(await until(() => next.status() === 200), 'and every place is free again')
})

t.test('whoever shows no token takes no share', async (t) => {
  const release = holdAnswers()
  const nobody = Array.from({ length: 10 }, () => open(t, { port: app.port, token: 'x' }, 'POST', create, '{"name":'))
  t.ok(await until(() => nobody.every(({ status }) => status() === 401)))
  const served = [1, 2].map(() => open(t, app, 'POST', create, '{"name":"fraud"}'))
  await sleep(50)
  release()
  t.ok(await until(() => served.every(({ status }) => status() === 200)))
})

t.test('bodies that others hold open are in the way of no small one, and give way to a large one', async (t) => {
  upstream.answer = reply(200, model)
  const half = `{"name":"fraud","description":"${'x'.repeat(2 * MiB)}`
  const held = Array.from({ length: 6 }, () => open(t, app, 'POST', create, half, 3 * MiB))
  await sleep(200)
  const small = open(t, app, 'POST', create, '{"name":"fraud"}')
  t.ok(await until(() => small.status() === 200), 'a small message passes')
  await sleep(5_200)
  const large = open(t, app, 'POST', create, `${half}"}`)
  t.ok(await until(() => large.status() !== 0, 7_000))
  t.equal(large.status(), 200, large.text().slice(0, 300))
  t.ok(
    held.some(({ status }) => status() === 503),
    'a body that took too long was shed',
  )
})

t.test('a body or an answer that never fits is refused by its size', async (t) => {
  const body = open(t, app, 'POST', create, `{"name":"fraud","description":"${'x'.repeat(4 * MiB)}"}`)
  t.ok(await until(() => body.status() !== 0))
  t.match(body.text(), /^HTTP\/1\.1 413 [\s\S]*Send less at once/)
  upstream.answer = reply(200, { runs: [{ info: { run_id: runId, experiment_id: '7', run_name: 'x'.repeat(5 * MiB) } }] })
  const rows = open(t, app, 'POST', '/api/2.0/mlflow/runs/search', '{"experiment_ids":["7"]}')
  t.ok(await until(() => rows.status() !== 0))
  t.match(rows.text(), /^HTTP\/1\.1 501 [\s\S]*Ask for fewer rows/)
})

/** What each of 32 callers sends at once: method, path, body, further headers. */
function heaviest(): readonly (readonly [
  name: string,
  method: string,
  path: string,
  body: Buffer,
  headers: Record<string, string>,
])[] {
  const json = { 'content-type': 'application/json' }
  const list = (unit: string, bytes: number) => `[${`${unit},`.repeat(Math.floor(bytes / (unit.length + 1)))}${unit}]`
  const post = (name: string, path: string, body: string) => [name, 'POST', path, Buffer.from(body), json] as const
  const spans = { 'content-type': 'application/x-protobuf', 'x-mlflow-experiment-id': '7' }
  return [
    post('a long text', create, `{"name":"fraud","description":"${'x'.repeat(31 * MiB)}"}`),
    post('empty objects', create, `{"name":"fraud","tags":${list('{}', 2 * MiB)}}`),
    post(
      'as many keys as there may be',
      '/api/2.0/mlflow/runs/log-batch',
      `{"run_id":"${runId}","metrics":${list('{"key":"a","value":1,"timestamp":1,"step":1}', MiB)}}`,
    ),
    [
      'spans that unpack to much',
      'POST',
      '/v1/traces',
      gzipSync(Buffer.alloc(31 * MiB)),
      { ...spans, 'content-encoding': 'gzip' },
    ],
    ['empty spans', 'POST', '/v1/traces', Buffer.alloc(400_000, Buffer.from([0x0a, 0x00])), spans],
    ['large answers', 'GET', `/api/2.0/mlflow/metrics/get-history?run_id=${runId}&metric_key=a`, Buffer.alloc(0), {}],
    [
      'pages of large rows',
      'POST',
      '/api/2.0/mlflow/runs/search',
      Buffer.from('{"experiment_ids":["7"],"max_results":1000}'),
      json,
    ],
  ]
}

function answerHeavily(): void {
  const metrics = (count: number) =>
    JSON.stringify({ metrics: Array(count).fill({ key: 'loss', value: 0.12345, timestamp: 1700000000000, step: 123 }) })
  const tags = Array(40).fill({ key: 'abc', value: 'def' })
  const rows = JSON.stringify({ runs: Array(1_000).fill({ info: { run_id: runId, experiment_id: '7' }, data: { tags } }) })
  const [few, many] = [metrics(40_000), metrics(300_000)]
  upstream.answer = (asked, response) => {
    upstream.received.length = 0
    const history = ++asking % 4 === 0 ? many : few
    reply(200, asked.url?.includes('history') ? history : asked.url?.includes('search') ? rows : model)(asked, response)
  }
}

/** Asks again and again from a thread of its own, so that the test's own work is in nobody's way; gives the longest that an answer took. */
function watch(url: string): () => Promise<number> {
  const program = `
    const { parentPort, workerData } = require('node:worker_threads')
    let longest = 0
    const ask = async () => {
      const started = performance.now()
      await fetch(workerData).then((answer) => answer.text(), () => { longest = Infinity })
      longest = Math.max(longest, performance.now() - started)
      setTimeout(ask, 50)
    }
    ask()
    parentPort.on('message', () => parentPort.postMessage(longest))`
  const worker = new Worker(program, { eval: true, workerData: url })
  return async () => {
    worker.postMessage('')
    const [longest] = await once(worker, 'message')
    await worker.terminate()
    return longest
  }
}

function send(url: string, token: string, [, method, path, body, headers]: ReturnType<typeof heaviest>[number]): Promise<number> {
  return new Promise((resolve, reject) => {
    const length = body.length === 0 ? {} : { 'content-length': String(body.length) }
    const asked = request(
      url + path,
      { method, headers: { authorization: `Bearer ${token}`, ...length, ...headers } },
      (answer) => {
        answer
          .resume()
          .once('end', () => resolve(answer.statusCode ?? 0))
          .once('error', reject)
      },
    )
    asked.once('error', reject).end(body)
  })
}

t.test('with a heap of 256 MiB no traffic of 32 callers ends the process, and it answers its probes', async (t) => {
  answerHeavily()
  const issuer = await startIssuer()
  const proxy = await startProxyProcess({ upstream: upstream.url, issuer, flags: ['--max-old-space-size=256'] })
  t.teardown(async () => {
    await proxy.close()
    await issuer.close()
  })
  const tokens = await Promise.all(
    Array.from({ length: 32 }, (_, index) => {
      const id = `00000000-0000-4000-8000-0000000000${index + 10}`
      return issuer.token({ oid: id, sub: id, roles: ['apps_acc'] })
    }),
  )
  const longest = watch(`${proxy.adminUrl}/livez`)
  for (const heavy of heaviest()) {
    const statuses = await Promise.all(tokens.map((token) => send(proxy.url, token, heavy)))
    const metrics = await (await fetch(`${proxy.adminUrl}/metrics`)).text()
    t.match(
      metrics,
      /mlflow_env_proxy_memory_bytes\{of="used"\} 0\n/,
      `${heavy[0]}: all memory is given back (${[...new Set(statuses)]})`,
    )
  }
  const took = await longest()
  // A second, where the processors are this test's own.
  const crowd = Math.max(1, (2 * (loadavg()[0] ?? 0)) / availableParallelism())
  t.ok(took < 1_000 * crowd, `/livez took ${Math.round(took)} ms at most, on processors that ${crowd.toFixed(1)} want`)
  t.ok(await Promise.race([proxy.ended.then(() => false), sleep(100, true)]), 'the process lives')
})

t.end()
