import t from 'tap'
import { newestMlflow } from '../../scripts/python-environments.mjs'
import { isFullRun } from '../support/full-run.ts'
import { tellWorkspaceStories } from './client-stories.ts'

// Clients that have nothing of Databricks, not even a token that a workspace would take. The everyday run has the newest of them and two
// stories; .ci/run asks for all, and for the other kind of storage.
const everyday = { clients: [newestMlflow], stories: ['fluent', 'promotion'] }

t.setTimeout(30 * 60_000)
t.test('a workspace with blob storage', (t) => tellWorkspaceStories(t, 'blob', isFullRun ? {} : everyday))
if (isFullRun)
  t.test('a workspace with a data lake', (t) => tellWorkspaceStories(t, 'adls', { stories: ['fluent', 'promotion'] }))
else t.pass('older clients, and a data lake', { skip: 'ENV_PROXY_TESTS=full runs this' })
