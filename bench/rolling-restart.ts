// Two replicas behind HAProxy are restarted in turn under a steady load. See README.md beside this file.
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { startIssuer } from '../test/fakes/issuer.ts'
import { startReplicas } from '../test/harness/replicas.ts'
import { quantile, startLoad } from '../test/harness/steady-load.ts'

const { values } = parseArgs({ options: { rate: { type: 'string', default: '2000' }, rounds: { type: 'string', default: '2' } } })
const [rate, rounds] = [Number(values.rate), Number(values.rounds)]

const issuer = await startIssuer()
const stub = new Worker(new URL('./stub-upstream.ts', import.meta.url))
const [{ url: upstream, runId }] = await once(stub, 'message')
const replicas = await startReplicas({ upstream, issuer, settings: { log: { level: 'warn' } } })
const headers = { authorization: `Bearer ${await issuer.token()}` }
const paths = [
  `/api/2.0/mlflow/registered-models/get-latest-versions?name=fraud`,
  `/api/2.0/mlflow/metrics/get-history?run_id=${runId}&metric_key=loss`,
]

const began = performance.now()
const load = startLoad({ url: replicas.url, headers, paths, perSecond: rate, clients: 64 })
await sleep(2_000)
const codes: unknown[] = []
for (let round = 0; round < rounds; round++) for (const index of [0, 1] as const) codes.push(await replicas.restart(index))
await sleep(2_000)
const { sent, took, failures } = await load.stop()
const seconds = (performance.now() - began) / 1_000
stub.postMessage('count')
const [carriedOut] = await once(stub, 'message')
console.log(
  `${sent} requests in ${seconds.toFixed(0)} s (${Math.round(sent / seconds)} a second of ${rate} wanted), ${2 * rounds} restarts`,
)
console.log(`failed: ${failures.length}; carried out by the upstream: ${carriedOut}; exit codes: ${codes.join(', ')}`)
console.log(`p50 ${quantile(took, 0.5).toFixed(1)} ms, p99 ${quantile(took, 0.99).toFixed(1)} ms`)
for (const failure of failures.slice(0, 10)) console.log(`  ${failure}`)
await replicas.close()
await Promise.all([stub.terminate(), issuer.close()])
process.exitCode = failures.length === 0 && carriedOut === sent && codes.every((code) => code === 0) ? 0 : 1
