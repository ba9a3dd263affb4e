import t from 'tap'
import { runClientScenarios } from '../scenarios/client-scenarios.ts'
import { previousMlflow } from '../scenarios/client-versions.ts'

// The newest server is everyday's (clients.test.ts).
t.setTimeout(30 * 60_000)
await t.test('MLflow 2', (t) => runClientScenarios(t, '2.22.4'))
await t.test('the release before the newest', (t) => runClientScenarios(t, previousMlflow, { clients: [previousMlflow] }))
