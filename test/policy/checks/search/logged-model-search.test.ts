import t from 'tap'
import { acc, inAcc } from '../../../fixtures/tenancy.ts'
import { assertCases } from '../../../harness/check-cases.ts'

const search = (more: object) => ({ experiment_ids: [inAcc.experiment], ...more })
const refused = ['invalid-parameter', /no such attribute/] as const

t.test('logged models are searched by the columns that they have', async (t) => {
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'searchLoggedModels', search({ filter: "name = 'x' AND params.lr = '1'" }), null],
    [acc, 'searchLoggedModels', search({ filter: 'creation_timestamp > 1' }), null],
    [acc, 'searchLoggedModels', search({ filter: "metadata = 'x'" }), refused],
    [acc, 'searchLoggedModels', search({ order_by: [{ field_name: 'last_updated_time' }] }), null],
    [acc, 'searchLoggedModels', search({ order_by: [{ field_name: 'metrics.loss' }] }), null],
    [acc, 'searchLoggedModels', search({ order_by: [{ field_name: 'registry' }] }), refused],
  ])
})
