import t from 'tap'
import { newestMlflow } from '../../scripts/python-environments.mjs'
import { isFullRun, previousMlflow } from '../support/client-versions.ts'
import { tellClientStories } from './client-stories.ts'

// The everyday run has the newest server only (clients.test.ts); .ci/run asks for the full matrix.
t.setTimeout(30 * 60_000)
if (isFullRun) {
  await t.test('MLflow 2', (t) => tellClientStories(t, '2.22.4'))
  await t.test('the release before the newest', (t) =>
    tellClientStories(t, previousMlflow, { clients: [previousMlflow, newestMlflow] }),
  )
} else t.pass('the newest server only', { skip: 'ENV_PROXY_TESTS=full runs this' })
