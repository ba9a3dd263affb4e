import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { newestMlflow } from '../../scripts/setup/python-environments.mjs'
import { type ExpiryGate, startExpiryGate } from '../fakes/expiry-gate.ts'
import { audience, startIssuer } from '../fakes/issuer.ts'
import { exchangeAudience, serveTokens } from '../fakes/token-endpoints.ts'
import { startAgent } from '../harness/agent.ts'
import { isFullRun } from '../harness/full-run.ts'
import { startMlflow } from '../harness/mlflow-server.ts'
import { type RunningProxy, startProxy } from '../harness/proxy.ts'
import { report } from '../scenarios/client-scenarios.ts'
import { runPythonClient } from '../scenarios/python-client.ts'

t.setTimeout(8 * 60_000)
// Both runs mostly wait.
t.jobs = 2
/** Seconds that tokens and the run last, and the size of its file. Sending the file takes longer than a token lasts. */
const { lifetime, seconds, bytes } = isFullRun
  ? { lifetime: 20, seconds: 120, bytes: 128 * 2 ** 20 }
  : { lifetime: 3, seconds: 12, bytes: 16 * 2 ** 20 }
const rate = bytes / (1.25 * lifetime)

const certificateFile = fileURLToPath(new URL('../fixtures/certificates/client.pem', import.meta.url))
const subject = 'system:serviceaccount:ml:training'
const [issuer, mlflow] = await Promise.all([startIssuer(), startMlflow({ version: newestMlflow })])
const { authority, tenantId } = issuer
const endpoints = serveTokens(issuer, [
  { clientId: 'pod', federated: { issuer, subject, audience: exchangeAudience }, roles: ['apps_acc'] },
  { clientId: 'machine', certificate: readFileSync(certificateFile, 'utf8'), roles: ['apps_acc'] },
])
endpoints.lifetime = lifetime
t.teardown(() => Promise.all([issuer.close(), mlflow.close()]))

/** A projected token, which is replaced as the kubelet does it: shortly before the old one expires. */
async function projectToken(t: Test): Promise<string> {
  const file = join(t.testdir(), 'token')
  const write = async () => {
    const exp = Math.floor(Date.now() / 1_000) + lifetime
    writeFileSync(`${file}.new`, await issuer.token({ sub: subject, aud: exchangeAudience, exp }))
    renameSync(`${file}.new`, file)
  }
  await write()
  const timer = setInterval(() => void write(), (lifetime * 1_000) / 3)
  t.teardown(() => clearInterval(timer))
  return file
}

/** The audit lines of a log. */
function requestsIn(logs: string): { readonly status: number; readonly endpoint: string }[] {
  const lines = logs.split('\n').filter((line) => line.startsWith('{'))
  return lines.map((line) => JSON.parse(line)).filter(({ status }) => typeof status === 'number')
}

async function train(t: Test, uri: string, gate: ExpiryGate, proxy: RunningProxy): Promise<void> {
  const experiment = `long-${new URL(uri).port}`
  const context = { experiment, serverVersion: newestMlflow, upstream: mlflow.url, bytes, seconds }
  // A failed call is to be seen, and not tried again.
  const env = { MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0' }
  report(t, await runPythonClient({ version: newestMlflow, script: 'long_training.py', uri, context, env, timeoutSeconds: 400 }))
  t.ok(gate.tokens.size >= seconds / lifetime, `${gate.tokens.size} tokens`)
  t.same(gate.failed, [])
  // The client asks whether its experiment is there before it makes it.
  const failed = requestsIn(proxy.logs()).filter(({ status, endpoint }) => status >= 400 && endpoint !== 'getExperimentByName')
  t.same(failed, [], `none of ${requestsIn(proxy.logs()).length} requests failed`)
  t.notMatch(proxy.logs(), /eyJ/)
}

t.test('a pod’s run behind the agent outlasts its tokens', async (t) => {
  const tokenFile = await projectToken(t)
  const proxy = await startProxy({ upstream: mlflow.url, issuer })
  const gate = await startExpiryGate(proxy.url, rate)
  const identity = ['--client-id', 'pod', '--tenant-id', tenantId, '--federated-token-file', tokenFile]
  const agent = await startAgent(gate.url, [...identity, '--audience', audience, '--authority', authority])
  t.teardown(() => Promise.all([agent.close(), gate.close(), proxy.close()]))
  await train(t, agent.url, gate, proxy)
  t.notMatch(agent.logs(), /"level":"(?:warn|error)"|eyJ/)
})

t.test('a run behind a proxy in sidecar mode outlasts its tokens', async (t) => {
  const gate = await startExpiryGate(mlflow.url, rate)
  const identity = { mode: 'servicePrincipal', clientId: 'machine', certificateFile }
  const settings = {
    upstream: { url: gate.url, kind: 'mlflow', credentials: { mode: 'passthrough' } },
    authentication: { mode: 'sidecar', identity, entra: { tenantId, audiences: [audience], authority } },
  }
  const proxy = await startProxy({ upstream: gate.url, issuer, settings })
  t.teardown(() => Promise.all([proxy.close(), gate.close()]))
  await train(t, proxy.url, gate, proxy)
})
