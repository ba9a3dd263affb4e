import t from 'tap'
import { tellClientStories } from '../scenarios/client-scenarios.ts'
import { previousMlflow } from '../scenarios/client-versions.ts'

// The newest server is everyday's (clients.test.ts).
t.setTimeout(30 * 60_000)
await t.test('MLflow 2', (t) => tellClientStories(t, '2.22.4'))
await t.test('the release before the newest', (t) => tellClientStories(t, previousMlflow, { clients: [previousMlflow] }))
