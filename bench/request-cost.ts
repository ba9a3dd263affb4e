// What a small request costs: directly, and through the proxy. See README.md beside this file.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { Worker } from 'node:worker_threads'
import { startIssuer } from '../test/fakes/issuer.ts'
import { startMlflow } from '../test/harness/mlflow-server.ts'
import { type ProxyProcess, startProxyProcess } from '../test/harness/proxy-process.ts'

const issuer = await startIssuer()
const token = await issuer.token()
const agent = new Agent({ keepAlive: true, maxSockets: 1 })

interface Door {
  readonly name: string
  readonly url: string
  readonly runId: string
  /** The process whose CPU time is counted, if there is a proxy. */
  readonly proxy: ProxyProcess | null
  readonly burst: number
}

interface Operation {
  readonly name: string
  readonly method: 'GET' | 'POST'
  readonly path: (runId: string) => string
  readonly body: (runId: string, count: number) => string | null
}

const operations: readonly Operation[] = [
  { name: 'GET runs/get', method: 'GET', path: (runId) => `/api/2.0/mlflow/runs/get?run_id=${runId}`, body: () => null },
  {
    name: 'POST runs/log-metric',
    method: 'POST',
    path: () => '/api/2.0/mlflow/runs/log-metric',
    body: (run_id, count) =>
      JSON.stringify({ run_id, key: 'loss', value: count / 7, timestamp: 1_700_000_000_000 + count, step: count }),
  },
]

async function send(door: Door, { method, path, body }: Operation, count: number): Promise<number> {
  const content = body(door.runId, count)
  const headers = {
    authorization: `Bearer ${token}`,
    ...(content === null ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) }),
  }
  const start = performance.now()
  const asked = request(door.url + path(door.runId), { method, headers, agent })
  asked.end(content ?? undefined)
  const [answer] = await once(asked, 'response')
  answer.resume()
  await once(answer, 'end')
  if (answer.statusCode !== 200) throw new Error(`${door.name} ${path(door.runId)}: status ${answer.statusCode}`)
  return performance.now() - start
}

/** Milliseconds of CPU that a process has used. */
function cpuOf({ pid }: ProxyProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

function shuffle<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

interface Result {
  readonly medians: number[]
  readonly all: number[]
  cpu: number
}

async function measure(doors: readonly Door[], rounds: number): Promise<void> {
  const cells = doors.flatMap((door) => operations.map((operation) => ({ door, operation })))
  const results = new Map<(typeof cells)[number], Result>(cells.map((cell) => [cell, { medians: [], all: [], cpu: 0 }]))
  let count = 0
  for (let round = -1; round < rounds; round++) {
    for (const cell of shuffle(cells)) {
      const { door, operation } = cell
      const times: number[] = []
      const before = door.proxy === null ? 0 : cpuOf(door.proxy)
      for (let sent = 0; sent < door.burst; sent++) times.push(await send(door, operation, count++))
      const result = results.get(cell)
      if (round < 0 || result === undefined) continue // the first round warms up
      result.medians.push(quantile(times, 0.5))
      result.all.push(...times)
      if (door.proxy !== null) result.cpu += cpuOf(door.proxy) - before
    }
  }
  console.log('| request | way | p50 ms | p95 ms | proxy CPU ms |\n|---|---|---|---|---|')
  for (const [{ door, operation }, { medians, all, cpu }] of results) {
    const own = door.proxy === null ? '' : (cpu / all.length).toFixed(2)
    console.log(
      `| ${operation.name} | ${door.name} | ${quantile(medians, 0.5).toFixed(2)} | ${quantile(all, 0.95).toFixed(2)} | ${own} |`,
    )
  }
}

async function createRun(url: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const answer = await fetch(`${url}/api/2.0/mlflow/runs/create`, { method: 'POST', headers, body: '{"experiment_id":"0"}' })
  return JSON.parse(await answer.text()).run.info.run_id
}

const stub = new Worker(new URL('./stub-upstream.ts', import.meta.url))
const [{ url: stubUrl, runId }] = await once(stub, 'message')
const beforeStub = await startProxyProcess({ upstream: stubUrl, issuer })
await measure(
  [
    { name: 'stub, direct', url: stubUrl, runId, proxy: null, burst: 200 },
    { name: 'stub, through the proxy', url: beforeStub.url, runId, proxy: beforeStub, burst: 200 },
  ],
  20,
)
await beforeStub.close()
await stub.terminate()

const mlflow = await startMlflow({ version: '3.17.2' })
const beforeMlflow = await startProxyProcess({ upstream: mlflow.url, issuer })
const run = await createRun(beforeMlflow.url)
await measure(
  [
    { name: 'MLflow 3.17.2, direct', url: mlflow.url, runId: run, proxy: null, burst: 15 },
    { name: 'MLflow 3.17.2, through the proxy', url: beforeMlflow.url, runId: run, proxy: beforeMlflow, burst: 15 },
  ],
  12,
)
await Promise.all([beforeMlflow.close(), mlflow.close(), issuer.close()])
agent.destroy()
