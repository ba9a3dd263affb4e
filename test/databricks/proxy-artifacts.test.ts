import t from 'tap'
import { startDatabricksApp } from '../support/databricks-app.ts'
import { startIssuer, tenantId } from '../support/issuer.ts'
import { startMlflow } from '../support/mlflow-server.ts'
import { type ClientRun, runPythonClient } from '../support/python-client.ts'
import { databricksAudience, databricksClaims } from './authenticate.ts'
import { joinWorkspace } from './member.ts'
import { startWorkspace } from './workspace.ts'

// A real MLflow behind an honest workspace with real Azure storage. Callers show the proxy the tokens that the workspace takes.
const [mlflow, issuer] = await Promise.all([startMlflow({ version: '3.17.2' }), startIssuer()])
const workspace = await startWorkspace({ mlflow, issuer, storage: 'blob' })
const storageHost = new URL(workspace.storage.sign('x', 'read', 60)).host
const app = await startDatabricksApp({
  upstream: {
    url: workspace.url,
    kind: 'databricks',
    credentials: { mode: 'passthrough' },
    storageHosts: [storageHost],
    rates: { registry: 1000, searchRuns: 1000, experiments: 1000, logBatch: 1000, other: 1000 },
  },
  authentication: { entra: { tenantId, audiences: [databricksAudience], authority: issuer.authority } },
  environments: {
    acc: { sourcePrefixes: ['dbfs:/models/acc/'] },
    preprod: {},
    prod: { production: true, promotesFrom: ['acc'] },
  },
})
t.teardown(async () => {
  await app.close()
  await workspace.close()
  await Promise.all([mlflow.close(), issuer.close()])
})

const names = ['acc', 'preprod', 'prod']
const tokens = Object.fromEntries(
  await Promise.all(
    names.map(async (name, index) => {
      const member = { objectId: `00000000-0000-4000-8000-00000000000${index}`, name, groups: ['admins'] }
      workspace.add(member)
      return [name, await issuer.token({ ...databricksClaims(member, tenantId), roles: [`apps_${name}`] })] as const
    }),
  ),
)
// Somebody whose token lies about where the clients run: good for the workspace, and nobody's to use.
const around = await joinWorkspace(workspace, issuer, {
  objectId: '00000000-0000-4000-8000-00000000000a',
  name: 'around',
  groups: ['admins'],
})

function tell(version: string): Promise<ClientRun> {
  return runPythonClient({
    version,
    script: 'stories.py',
    args: ['fluent'],
    uri: app.url,
    env: { DATABRICKS_HOST: workspace.url, DATABRICKS_TOKEN: around.token },
    context: { serverVersion: '3.17.2', upstream: mlflow.url, tokens, environments: ['acc'] },
    timeoutSeconds: 100,
  })
}

t.test('Unmodified clients log, register and load through the proxy alone', { timeout: 120_000 }, async (t) => {
  const versions = ['2.22.4', '3.17.2']
  const runs = await Promise.all(versions.map(tell))
  for (const [index, { assertions, completed, output }] of runs.entries()) {
    const failed = assertions.filter(({ state }) => state === 'failed')
    t.same(failed, [], versions.at(index) ?? '')
    t.ok(completed && assertions.length > 30, 'to the end', completed ? {} : { output: output.slice(-2000) })
  }
})
