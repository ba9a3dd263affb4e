// How one caller's flood affects another's latency. See README.md beside this file.
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { runId } from '../test/fakes/fake-upstream.ts'
import { startIssuer } from '../test/fakes/issuer.ts'
import { quantile } from '../test/harness/load/quantile.ts'
import { startMlflow } from '../test/harness/mlflow-server.ts'
import { startProxyProcess } from '../test/harness/proxy-process.ts'
import { startStub } from './stub/start-stub.ts'

const seconds = Number(process.argv[2] ?? 10)
const rounds = Number(process.argv[3] ?? 3)
const connections = Number(process.argv[4] ?? 500)

const issuer = await startIssuer()
const tokenOf = (id: number, environment: string) => {
  const oid = `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`
  return issuer.token({ oid, sub: oid, roles: [`apps_${environment}`] })
}
const [flooder, other] = await Promise.all([tokenOf(1, 'acc'), tokenOf(2, 'preprod')])

interface Answered {
  readonly status: number
  readonly milliseconds: number
}

/** One small request; status 0 means that the connection broke. */
function ask(agent: Agent, url: string, token: string): Promise<Answered> {
  const started = performance.now()
  return new Promise((resolve) => {
    const end = (status: number) => resolve({ status, milliseconds: performance.now() - started })
    const asked = request(url, { agent, headers: { authorization: `Bearer ${token}` } }, (answer) => {
      answer.resume().once('end', () => end(answer.statusCode ?? 0))
    })
    asked.once('error', () => end(0)).end()
  })
}

/** Floods from a separate thread, so that the measuring thread is not delayed. */
async function flood(url: string): Promise<() => Promise<string>> {
  const worker = new Worker(new URL('./flood.ts', import.meta.url), { workerData: { url, token: flooder, connections } })
  await once(worker, 'message')
  return async () => {
    worker.postMessage('stop')
    const [counts] = await once(worker, 'message')
    await worker.terminate()
    return counts
  }
}

/** Another caller's requests, one at a time with pauses, for some seconds. */
async function measure(url: string): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const times: number[] = []
  for (const end = performance.now() + seconds * 1_000; performance.now() < end; await sleep(10)) {
    const { status, milliseconds } = await ask(agent, url, other)
    if (status !== 200) throw new Error(`the other caller got ${status}`)
    times.push(milliseconds)
  }
  agent.destroy()
  return times
}

async function createRun(url: string, token: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const answer = await fetch(`${url}/api/2.0/mlflow/runs/create`, { method: 'POST', headers, body: '{"experiment_id":"0"}' })
  return JSON.parse(await answer.text()).run.info.run_id
}

async function compare(
  name: string,
  upstream: string,
  get: (run: string) => string,
  runOf: (url: string, token: string) => Promise<string>,
) {
  const proxy = await startProxyProcess({ upstream, issuer })
  const path = async (token: string) => proxy.url + get(await runOf(proxy.url, token))
  const [floodUrl, url] = [await path(flooder), await path(other)]
  await measure(url) // warms up
  const results: { readonly way: string; readonly times: number[]; readonly flood: string }[] = []
  for (let round = 0; round < rounds; round++) {
    results.push({ way: 'alone', times: await measure(url), flood: '' })
    const stop = await flood(floodUrl)
    const times = await measure(url)
    results.push({ way: 'beside a flood', times, flood: await stop() })
    await sleep(2_500)
  }
  for (const way of ['alone', 'beside a flood']) {
    const of = results.filter((result) => result.way === way)
    const at = (share: number) => of.map(({ times }) => quantile(times, share).toFixed(1)).join(', ')
    console.log(`| ${name} | ${way} | ${at(0.5)} | ${at(0.99)} | ${of.at(-1)?.flood} |`)
  }
  await proxy.close()
}

console.log(`| before | the other caller | p50 ms, by round | p99 ms, by round | the flood's answers |\n|---|---|---|---|---|`)
const stub = await startStub()
const getRun = (run: string) => `/api/2.0/mlflow/runs/get?run_id=${run}`
const getModel = () => '/api/2.0/mlflow/registered-models/get?name=fraud'
await compare('a stub', stub.url, getModel, async () => runId)
await stub.close()
const mlflow = await startMlflow({ version: '3.17.2', workers: 4 })
await compare('MLflow 3.17.2, 4 workers', mlflow.url, getRun, createRun)
await Promise.all([mlflow.close(), issuer.close()])
