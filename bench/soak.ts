// Sends mixed traffic for a given time and records the proxy's memory and handles. See README.md beside this file.
import { readdirSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { runId } from '../test/fakes/fake-upstream.ts'
import { startIssuer } from '../test/fakes/issuer.ts'
import { quantile } from '../test/harness/load/quantile.ts'
import { startProxyProcess } from '../test/harness/proxy-process.ts'
import { growths, type Sample, showSamples } from './soak-report.ts'
import { startStub } from './stub/start-stub.ts'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '60' }, rate: { type: 'string', default: '60' } },
})
const [minutes, rate] = [Number(values.minutes), Number(values.rate)]
const callers = 8

const issuer = await startIssuer()
const stub = await startStub()
const proxy = await startProxyProcess({ upstream: stub.url, issuer })
proxy.stdout?.removeAllListeners('data').resume() // an hour's log would be too large

const block = Buffer.alloc(1024 * 1024, 'x')
const artifact = `/api/2.0/mlflow-artifacts/artifacts/7/${runId}/artifacts`

interface Step {
  readonly share: number
  readonly status: number
  readonly method: string
  readonly path: string
  readonly body?: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
  /** Bytes of the body after which the client disconnects. */
  readonly abortAfter?: number
}

const json = { 'content-type': 'application/json' }
const metric = () => JSON.stringify({ run_id: runId, key: 'loss', value: Math.random(), timestamp: Date.now(), step: 1 })
/** What callers do, with each kind's share of the traffic and the expected outcome. */
const steps: readonly (() => Step)[] = [
  () => ({ share: 30, status: 200, method: 'GET', path: `/api/2.0/mlflow/runs/get?run_id=${runId}` }),
  () => ({ share: 25, status: 200, method: 'POST', path: '/api/2.0/mlflow/runs/log-metric', body: metric(), headers: json }),
  () => ({
    share: 15,
    status: 200,
    method: 'POST',
    path: '/api/2.0/mlflow/runs/search',
    body: '{"experiment_ids":["0"]}',
    headers: json,
  }),
  () => ({ share: 6, status: 200, method: 'PUT', path: `${artifact}/model.bin`, body: block }),
  () => ({ share: 6, status: 200, method: 'GET', path: `${artifact}/model.bin` }),
  () => ({
    share: 6,
    status: 0,
    method: 'PUT',
    path: `${artifact}/part.bin`,
    body: block,
    abortAfter: Math.random() * block.length,
  }),
  () => ({ share: 6, status: 403, method: 'GET', path: '/api/2.0/mlflow/registered-models/get?name=fraud_preprod' }),
  () => ({
    share: 3,
    status: 401,
    method: 'GET',
    path: '/api/2.0/mlflow/experiments/get?experiment_id=0',
    headers: { authorization: 'Bearer no-token' },
  }),
  () => ({ share: 3, status: 400, method: 'POST', path: '/api/2.0/mlflow/runs/create', body: '{"nonsense":1}', headers: json }),
]
const deck = steps.flatMap((step) => Array<() => Step>(step().share).fill(step))

let took: number[] = []
let [sent, unexpected] = [0, 0]
const surprises = new Map<string, number>()

function send(step: Step, authorization: string, agent: Agent): Promise<number> {
  const { method, path, body, headers, abortAfter } = step
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
  return new Promise((resolve) => {
    const asked = request(proxy.url + path, { method, agent, headers: { authorization, ...length, ...headers } }, (answer) => {
      answer.resume().once('close', () => resolve(answer.statusCode ?? 0))
    })
    asked.once('error', () => resolve(0))
    if (abortAfter === undefined) return void asked.end(body)
    asked.write(block.subarray(0, abortAfter))
    setTimeout(() => asked.destroy(), Math.random() * 100)
  })
}

/** A separate caller with a new token every minute. */
async function beCaller(index: number, until: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const oid = `00000000-0000-4000-8000-00000000000${index}`
  for (let [renewAt, authorization] = [0, '']; performance.now() < until; ) {
    if (performance.now() >= renewAt) {
      authorization = `Bearer ${await issuer.token({ oid, sub: oid, jti: String(Math.random()) })}`
      renewAt = performance.now() + 60_000
    }
    const step = deck[Math.floor(Math.random() * deck.length)]?.()
    if (step === undefined) continue
    const started = performance.now()
    const status = await send(step, authorization, agent)
    const ms = performance.now() - started
    sent += 1
    if (status !== step.status) {
      unexpected += 1
      const what = `${step.method} ${step.path.split('?')[0]}: ${status} instead of ${step.status}`
      surprises.set(what, (surprises.get(what) ?? 0) + 1)
    }
    if (step.abortAfter === undefined) took.push(ms)
    await sleep(Math.max(0, (callers * 1_000) / rate - ms))
  }
  agent.destroy()
}

async function takeSample(began: number): Promise<Sample> {
  const text = await (await fetch(`${proxy.adminUrl}/metrics`)).text()
  const read = (pattern: RegExp) => [...text.matchAll(pattern)].reduce((sum, [, value]) => sum + Number(value), 0)
  const memory = (kind: string) =>
    read(new RegExp(`^mlflow_env_proxy_process_memory_bytes\\{kind="${kind}"\\} (\\d+)$`, 'gm')) / 1024 / 1024
  const latencies = took
  took = []
  return {
    minute: (performance.now() - began) / 60_000,
    rss: memory('rss'),
    heap: memory('heap_used'),
    external: memory('external'),
    resources: read(/^mlflow_env_proxy_active_resources\{[^}]*\} (\d+)$/gm),
    files: readdirSync(`/proc/${proxy.pid}/fd`).length,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
  }
}

const began = performance.now()
const until = began + minutes * 60_000
const working = Array.from({ length: callers }, (_, index) => beCaller(index, until))
const samples: Sample[] = []
const every = Math.max(2_000, (minutes * 60_000) / 40)
while (performance.now() + every <= until + 500) {
  await sleep(every)
  samples.push(await takeSample(began))
  console.error(`minute ${samples.at(-1)?.minute.toFixed(1)}: ${sent} requests, ${samples.at(-1)?.rss.toFixed(0)} MiB`)
}
await Promise.all(working)
console.log(`${sent} requests by ${callers} callers in ${minutes} minutes, ${unexpected} with another outcome than expected\n`)
console.log(showSamples(samples))
const judged = growths(samples)
for (const { name, from, to, isFlat } of judged)
  console.log(`${name}: ${from.toFixed(1)} → ${to.toFixed(1)}${isFlat ? '' : ': NOT FLAT'}`)
for (const [what, count] of surprises) console.log(`unexpected: ${what} (${count})`)
await proxy.close()
await Promise.all([stub.close(), issuer.close()])
process.exitCode = judged.every(({ isFlat }) => isFlat) && unexpected === 0 ? 0 : 1
