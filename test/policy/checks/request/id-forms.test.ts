import t from 'tap'
import { acc, inAcc, makeTenancy } from '../../../fixtures/tenancy.ts'
import { assertCases } from '../../../harness/check-cases.ts'

t.test('ids of experiments and numbers of versions have one form', async (t) => {
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'getExperiment', { experiment_id: inAcc.experiment }, null],
    ...['011', ' 11', '+11', '11.0', 'abc', '1'.repeat(70)].map(
      (experiment_id) => [acc, 'getExperiment', { experiment_id }, ['invalid-parameter', /^Invalid experiment ID/]] as const,
    ),
    [acc, 'searchRuns', { experiment_ids: ['11', '0x1'] }, ['invalid-parameter', /^Invalid experiment ID '0x1'/]],
    [acc, 'getModelVersion', { name: 'fraud', version: '2' }, null],
    ...['02', ' 2', '-2', '2.0', 'two', '0'].map(
      (version) =>
        [
          acc,
          'getModelVersion',
          { name: 'fraud', version },
          ['invalid-parameter', /^Parameter 'version' must be an integer, got/],
        ] as const,
    ),
  ])
})

t.test('hexadecimal ids of experiments are a workspace’s', async (t) => {
  const workspace = makeTenancy('databricks')
  const [inWorkspace] = workspace.places
  const hex = 'ab'.repeat(16)
  assertCases(
    t,
    [[inWorkspace.environment, 'getExperiment', { experiment_id: hex }, ['not-found', /No Experiment with id/]]],
    workspace,
  )
  assertCases(t, [[acc, 'getExperiment', { experiment_id: hex }, ['invalid-parameter', /^Invalid experiment ID/]]])
})
