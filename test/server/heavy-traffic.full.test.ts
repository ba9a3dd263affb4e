import { once } from 'node:events'
import { request } from 'node:http'
import { availableParallelism, loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { reply, runId, startFakeUpstream } from '../fakes/fake-upstream.ts'
import { startIssuer } from '../fakes/issuer.ts'
import { startProxyProcess } from '../harness/proxy-process.ts'

const MiB = 2 ** 20
const create = '/api/2.0/mlflow/registered-models/create'
const model = { registered_model: { name: 'fraud_acc' } }
const upstream = await startFakeUpstream()
t.teardown(() => upstream.close())
let asking = 0

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
