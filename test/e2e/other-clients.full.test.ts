import t, { type Test } from 'tap'
import { integrationEnvironments, newestMlflow } from '../../scripts/setup/python-environments.mjs'
import { startHop } from '../fakes/hop.ts'
import { startIssuer } from '../fakes/issuer.ts'
import { serveTokens } from '../fakes/token-endpoints.ts'
import { startAgent } from '../harness/agent.ts'
import { startMlflow } from '../harness/mlflow-server.ts'
import { startProxy, threeEnvironments } from '../harness/proxy.ts'
import { makeTokens, report } from '../scenarios/client-scenarios.ts'
import { runJavaClient } from '../scenarios/java-client.ts'
import { replayJulia } from '../scenarios/julia-client.ts'
import type { OtherClient } from '../scenarios/other-client.ts'
import { runPythonClient } from '../scenarios/python-client.ts'
import { replayR } from '../scenarios/r-client.ts'
import { replayTypeScript } from '../scenarios/typescript-client.ts'
import { compareAnswers } from '../scenarios/wire-answers.ts'

const issuer = await startIssuer()
const tokens = await makeTokens(issuer.token)
t.teardown(() => issuer.close())
t.setTimeout(10 * 60_000)

async function startServers(
  t: Test,
  version: string,
  environments: Readonly<Record<string, object>> = threeEnvironments,
): Promise<OtherClient> {
  const upstream = await startMlflow({ version })
  t.teardown(() => upstream.close())
  const proxy = await startProxy({ upstream: upstream.url, issuer, environments })
  t.teardown(() => proxy.close())
  return { version, url: proxy.url, upstream: upstream.url, tokens }
}

/** A Python client that is no full MLflow; `version` is the one of MLflow's client inside. */
async function runOtherPython(t: Test, environment: string, script: string, client: OtherClient, told: object = {}) {
  const { version, url, upstream } = client
  const context = { serverVersion: version, upstream, tokens, ...told }
  report(t, await runPythonClient({ version, environment, script, uri: url, context }))
}

t.test(`clients that are no full MLflow, and server ${newestMlflow}`, async (t) => {
  const client = await startServers(t, newestMlflow)
  await t.test('mlflow-skinny', (t) => runOtherPython(t, 'skinny', 'skinny.py', client))
  await t.test('mlflow-tracing', (t) => runOtherPython(t, 'tracing', 'tracing.py', client))
  await t.test('the Java client', async (t) => report(t, await runJavaClient({ ...client, uri: client.url })))
  await t.test('R tracks runs and registers models with numbers that are strings', (t) => replayR(t, client))
  await t.test('MLFlowClient.jl tracks, searches and deletes with spellings of its own', (t) => replayJulia(t, client))
  await t.test('the TypeScript SDK sends traces and reads them back', (t) => replayTypeScript(t, client))
  await t.test('what is asked straight and through the proxy is answered alike', (t) => compareAnswers(t, client))
})

/** Identities of pods in one environment each. */
const identities = { acc: 'pod-acc', prod: 'pod-prod' }
const endpoints = serveTokens(
  issuer,
  Object.entries(identities).map(([name, clientId]) => ({ clientId, secret: 'hunter2', roles: [`apps_${name}`] })),
)

/** The proxy of the cluster, and in each pod an agent. */
async function startAgents(t: Test, upstream: string, clientSecretFile: string): Promise<{ acc: string; prod: string }> {
  const proxy = await startProxy({ upstream, issuer })
  const start = async (clientId: string) => {
    const given = ['--client-id', clientId, '--tenant-id', issuer.tenantId, '--client-secret-file', clientSecretFile]
    const agent = await startAgent(proxy.url, [...given, '--audience', issuer.audience, '--authority', issuer.authority])
    t.teardown(() => agent.close())
    return agent.url
  }
  t.teardown(() => proxy.close())
  return { acc: await start(identities.acc), prod: await start(identities.prod) }
}

/** In each pod a proxy in sidecar mode. */
async function startSidecars(t: Test, upstream: string, clientSecretFile: string): Promise<{ acc: string; prod: string }> {
  const { tenantId, audience, authority } = issuer
  const start = async (clientId: string) => {
    const identity = { mode: 'servicePrincipal', clientId, clientSecretFile }
    const authentication = { mode: 'sidecar', identity, entra: { tenantId, audiences: [audience], authority } }
    const proxy = await startProxy({ upstream, issuer, settings: { authentication } })
    t.teardown(() => proxy.close())
    return proxy.url
  }
  return { acc: await start(identities.acc), prod: await start(identities.prod) }
}

for (const [title, start] of [
  ['agents', startAgents],
  ['sidecars', startSidecars],
] as const)
  t.test(`clients behind ${title} of their own send tokens that do not count`, async (t) => {
    endpoints.lifetime = 5
    const upstream = await startMlflow({ version: newestMlflow })
    t.teardown(() => upstream.close())
    const own = await start(t, upstream.url, `${t.testdir({ secret: 'hunter2' })}/secret`)
    const stale = { acc: 'stale', prod: 'stale' }
    const client = { version: newestMlflow, url: own.acc, own, upstream: upstream.url, tokens: stale }
    await t.test('the Java client', async (t) => report(t, await runJavaClient({ ...client, uri: client.url })))
    await t.test('the TypeScript SDK', (t) => replayTypeScript(t, client))
  })

t.test('mlflow-export-import and server 2.22.4', async (t) => {
  const shared = t.testdir()
  const folders = { acc: `file://${shared}/acc`, prod: `file://${shared}/prod` }
  const { acc, preprod, prod } = threeEnvironments
  const client = await startServers(t, '2.22.4', {
    acc: { ...acc, sourcePrefixes: [folders.acc] },
    preprod,
    prod: { ...prod, sourcePrefixes: [folders.prod] },
  })
  const hop = await startHop(client.url, { authorization: `Bearer ${tokens.both}` })
  t.teardown(() => hop.close())
  await runOtherPython(t, 'export-import', 'export_import.py', client, { tokenHop: hop.url, folders })
})

// What stays of an integration when its caller is in another environment. Each script is a project as its users write it.
const integrationScripts: Readonly<Record<string, string>> = {
  'kedro-mlflow': 'kedro_pipeline.py',
  'optuna-integration': 'optuna_study.py',
  bentoml: 'bentoml_import.py',
  'dagster-mlflow': 'dagster_job.py',
}

t.test(`tools that log to MLflow, and server ${newestMlflow}`, async (t) => {
  t.strictSame(Object.keys(integrationScripts), integrationEnvironments)
  for (const [environment, script] of Object.entries(integrationScripts)) {
    await t.test(environment, async (t) => {
      const client = await startServers(t, newestMlflow)
      await runOtherPython(t, environment, script, { ...client, version: '3.17.2' }, { serverVersion: newestMlflow })
    })
  }
})
