import t from 'tap'
import { acc, inAcc } from '../../../fixtures/tenancy.ts'
import { assertCases } from '../../../harness/check-cases.ts'

const steps = (more: object) => ({ run_ids: [inAcc.run(1)], metric_key: 'a', ...more })

t.test('the steps of a metric’s history have MLflow’s limits', async (t) => {
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'getMetricHistoryBulkInterval', steps({ max_results: 1 }), null],
    [acc, 'getMetricHistoryBulkInterval', steps({ max_results: 2500, start_step: 1, end_step: 1 }), null],
    [acc, 'getMetricHistoryBulkInterval', steps({ max_results: 0 }), ['invalid-parameter', /between 1 and 2500/]],
    [acc, 'getMetricHistoryBulkInterval', steps({ max_results: 2501 }), ['invalid-parameter', /between 1 and 2500/]],
    [acc, 'getMetricHistoryBulkInterval', steps({ end_step: 4 }), ['invalid-parameter', /both must be specified/]],
    [
      acc,
      'getMetricHistoryBulkInterval',
      steps({ start_step: 5, end_step: 4 }),
      ['invalid-parameter', /start_step=5 and end_step=4/],
    ],
    [acc, 'getMetricHistoryBulkInterval', steps({ start_step: '9007199254740993', end_step: '9007199254740992' }), null],
  ])
})
