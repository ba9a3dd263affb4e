import t from 'tap'
import { startGuardedWorkspace } from '../fakes/workspace/guarded-workspace.ts'
import type { WorkspaceOptions } from '../fakes/workspace/start-workspace.ts'
import { startInProcess } from '../harness/app.ts'
import { startMlflow } from '../harness/mlflow-server.ts'
import { runDatabricksClient } from '../scenarios/databricks-python.ts'

// Real clients over http, before the registry of a workspace that takes and refuses what real ones do.
const mlflow = await startMlflow({ version: '3.17.2' })

async function open(workspaceRegistry: NonNullable<WorkspaceOptions['workspaceRegistry']>) {
  const guarded = await startGuardedWorkspace({ mlflow, storage: 'blob', workspaceRegistry })
  const { authority, tenantId, audience } = guarded.settings.issuer
  const authentication = { entra: { tenantId, audiences: [audience], authority } }
  const app = await startInProcess({ upstream: guarded.settings.upstream, authentication, environments: ['acc'] })
  const token = await guarded.token({ roles: ['apps_acc'] })
  const run = async (environment: string, scenario: string) => {
    const env = { STORY: scenario, MLFLOW_TRACKING_URI: app.url, MLFLOW_TRACKING_TOKEN: token }
    const [seen = {}] = await runDatabricksClient({ environment, script: 'http_registry.py', env })
    return seen
  }
  return { run, close: () => Promise.all([app.close(), guarded.close()]) }
}

const [enabled, disabled] = await Promise.all([open('enabled'), open('disabled')])
t.teardown(async () => {
  await Promise.all([enabled.close(), disabled.close()])
  await mlflow.close()
})

t.test('MLflow 2 and 3 register what they logged, and load it; prompts are refused plainly', { timeout: 300_000 }, async (t) => {
  for (const [index, version] of ['2.22.4', '3.17.2'].entries()) {
    const seen = await enabled.run(version, 'enabled')
    const number = String(index + 1)
    t.match(seen, { version: ['fraud', number, 'Staging', 'READY'], answer: [42] }, version)
    t.match(seen.source, /^mlflow-artifacts:\/\d+\//, version)
    if (version.startsWith('3')) t.match(seen, { prompt: /no prompts.*Unity Catalog/, 'left behind': ['fraud'] })
  }
})

t.test('a client is told that the registry is disabled, and can still log', { timeout: 200_000 }, async (t) => {
  const seen = await disabled.run('3.17.2', 'disabled')
  t.match(seen, { register: /legacy workspace model registry is disabled/, load: /legacy workspace model registry is disabled/ })
})
