import t from 'tap'
import { mlflowVersions, newestMlflow } from '../../scripts/setup/python-environments.mjs'
import { runWorkspaceScenarios } from '../scenarios/client-scenarios.ts'

// Clients that have nothing of Databricks, not even a token that a workspace would take.
t.setTimeout(30 * 60_000)
const [oldest = newestMlflow] = mlflowVersions
t.test('a workspace with blob storage', (t) => runWorkspaceScenarios(t, 'blob', { clients: [oldest, '2.22.4', newestMlflow] }))
t.test('a workspace with a data lake', (t) =>
  runWorkspaceScenarios(t, 'adls', { clients: [oldest, newestMlflow], scenarios: ['fluent', 'promotion'] }),
)
