import t from 'tap'
import { makeEnvironment } from '../../../fakes/fake-fact-source.ts'
import { makeTenancy } from '../../../fixtures/tenancy.ts'
import { assertCases } from '../../../harness/check-cases.ts'

const tenancy = makeTenancy('databricks')
const limited = makeEnvironment('acc', { servingLimits: { concurrency: 8, callsPerMinute: 60 } })
const free = makeEnvironment('acc')
const rates = (calls: number, key = 'endpoint') => ({ rate_limits: [{ key, renewal_period: 'minute', calls }] })
const serve = (more: object, ai_gateway: object = rates(60)) => ({
  name: 'scorer',
  ai_gateway,
  config: { served_entities: [{ entity_name: 'fraud', entity_version: '2', ...more }] },
})
const over = (sentence: RegExp) => ['serving-limit', sentence] as const

t.test('an endpoint is no larger and no faster than its environment may', async (t) => {
  // biome-ignore format: a table
  assertCases(t, [
    [limited, 'createServingEndpoint', serve({ workload_size: 'Small' }), null],
    [limited, 'createServingEndpoint', serve({ workload_size: 'Large' }), over(/'Large' is for more than 8 concurrent requests\. Choose 'Small'/)],
    [limited, 'createServingEndpoint', serve({ max_provisioned_concurrency: 8 }), null],
    [limited, 'createServingEndpoint', serve({ max_provisioned_concurrency: 9 }), over(/to at most 8/)],
    [limited, 'createServingEndpoint', serve({ min_provisioned_concurrency: 1 }), over(/Set 'max_provisioned_concurrency' to at most 8/)],
    [limited, 'createServingEndpoint', serve({}, rates(61)), over(/Add an entry/)],
    [limited, 'createServingEndpoint', serve({}, rates(60, 'user')), over(/Add an entry/)],
    [limited, 'createServingEndpoint', serve({}, {}), over(/servingLimits\.callsPerMinute/)],
    [limited, 'limitServingEndpoint', { name: 'scorer', rate_limits: [{ key: 'endpoint', calls: 1 }] }, over(/ai_gateway\.rate_limits, which replace these/)],
    [free, 'createServingEndpoint', serve({ workload_size: 'Large' }, {}), null],
  ], tenancy)
})
