// Two replicas behind HAProxy are restarted in turn under a steady load. See README.md beside this file.
import { closeSync, openSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { runId } from '../test/fakes/fake-upstream.ts'
import { startIssuer } from '../test/fakes/issuer.ts'
import { quantile } from '../test/harness/load/quantile.ts'
import { makeRequest } from '../test/harness/load/raw-client.ts'
import { startLoad } from '../test/harness/load/steady-load.ts'
import { startReplicas } from '../test/harness/replicas.ts'
import { cpuMs } from './compare/process-cost.ts'
import { startStub } from './stub/start-stub.ts'

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '2' },
    steady: { type: 'string', default: '10' },
  },
})
const [rate, rounds, steady] = [Number(values.rate), Number(values.rounds), Number(values.steady)]

const issuer = await startIssuer()
const stub = await startStub()
const output = openSync('/dev/null', 'w') // nobody is there to read two logs
const replicas = await startReplicas({ upstream: stub.url, issuer, output })
const headers = { authorization: `Bearer ${await issuer.token()}` }
const requests = [
  `/api/2.0/mlflow/registered-models/get-latest-versions?name=fraud`,
  `/api/2.0/mlflow/metrics/get-history?run_id=${runId}&metric_key=loss`,
].map((path) => makeRequest('GET', path, headers))

/** Milliseconds of CPU so far, by part; the clients are in this process. */
function cpuOfParts(): Record<string, number> {
  const { user, system } = process.cpuUsage()
  const [first, second] = replicas.pids().map(cpuMs)
  return {
    'replica 0': first ?? 0,
    'replica 1': second ?? 0,
    HAProxy: cpuMs(replicas.balancerPid),
    stub: cpuMs(stub.pid),
    clients: (user + system) / 1_000,
  }
}

const load = startLoad({ url: replicas.url, requests, perSecond: rate, clients: 64 })
await sleep(10_000) // two new processes: each makes its best code within some 20,000 requests
const [sentBefore, cpuBefore, steadySince] = [load.sent(), cpuOfParts(), performance.now()]
await sleep(steady * 1_000)
const [cpuAfter, seconds] = [cpuOfParts(), (performance.now() - steadySince) / 1_000]
const steadily = load.sent() - sentBefore
console.log(
  `before the restarts: ${Math.round(steadily / seconds)} requests a second of ${rate} wanted; CPU for each request, ms:`,
)
for (const [part, after] of Object.entries(cpuAfter))
  console.log(`  ${part}: ${((after - (cpuBefore[part] ?? 0)) / steadily).toFixed(3)}`)

const restartsSince = performance.now()
const sentAtRestarts = load.sent()
const codes: unknown[] = []
for (let round = 0; round < rounds; round++) for (const index of [0, 1] as const) codes.push(await replicas.restart(index))
await sleep(2_000) // what came late is made up for
const duringRestarts = ((load.sent() - sentAtRestarts) * 1_000) / (performance.now() - restartsSince)
const late = load.late()
const { sent, took, failures } = await load.stop()
const carriedOut = await stub.count()
console.log(
  `during ${2 * rounds} restarts: ${Math.round(duringRestarts)} requests a second, at their end ${Math.round(late)} ms late`,
)
console.log(
  `${sent} requests; failed: ${failures.length}; carried out by the upstream: ${carriedOut}; exit codes: ${codes.join(', ')}`,
)
console.log(`p50 ${quantile(took, 0.5).toFixed(1)} ms, p99 ${quantile(took, 0.99).toFixed(1)} ms`)
for (const failure of failures.slice(0, 10)) console.log(`  ${failure}`)
await replicas.close()
closeSync(output) // not before: each restart hands it on
await Promise.all([stub.close(), issuer.close()])
process.exitCode = failures.length === 0 && carriedOut === sent && codes.every((code) => code === 0) ? 0 : 1
