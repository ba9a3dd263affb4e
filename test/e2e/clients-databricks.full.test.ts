import t from 'tap'
import { mlflowVersions, newestMlflow } from '../../scripts/setup/python-environments.mjs'
import { tellWorkspaceStories } from '../scenarios/client-scenarios.ts'

// Clients that have nothing of Databricks, not even a token that a workspace would take.
t.setTimeout(30 * 60_000)
const [oldest = newestMlflow] = mlflowVersions
t.test('a workspace with blob storage', (t) => tellWorkspaceStories(t, 'blob', { clients: [oldest, '2.22.4', newestMlflow] }))
t.test('a workspace with a data lake', (t) =>
  tellWorkspaceStories(t, 'adls', { clients: [oldest, newestMlflow], stories: ['fluent', 'promotion'] }),
)
