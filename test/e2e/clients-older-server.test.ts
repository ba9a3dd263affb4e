import t from 'tap'
import { tellClientStories } from './client-stories.ts'

// The everyday run has the newest server only (clients.test.ts); .ci/run asks for the full matrix.
if (process.env.ENV_PROXY_TESTS === 'full') await tellClientStories(t, '2.22.4')
else t.pass('the newest server only', { skip: 'ENV_PROXY_TESTS=full runs this' })
