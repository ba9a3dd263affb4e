import t from 'tap'
import { tellWorkspaceStories } from './client-stories.ts'

// Clients that have nothing of Databricks, not even a token that a workspace would take.
t.setTimeout(30 * 60_000)
t.test('a workspace with blob storage', (t) => tellWorkspaceStories(t, 'blob', {}))
t.test('a workspace with a data lake', (t) => tellWorkspaceStories(t, 'adls', { stories: ['fluent', 'promotion'] }))
