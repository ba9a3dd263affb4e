import t from 'tap'
import { absentEntity, acc, inAcc, inProd, prod, sharedDataset } from '../../../fixtures/tenancy.ts'
import { assertAbsent, assertCases } from '../../../harness/check-cases.ts'

t.test('a thing is its environment’s where all its experiments are', async (t) => {
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'getDataset', { dataset_id: inAcc.entity('d') }, null],
    [acc, 'getDataset', { dataset_id: sharedDataset }, ['not-found', /^Evaluation dataset with id/]],
    [prod, 'getDataset', { dataset_id: sharedDataset }, ['not-found', /^Evaluation dataset with id/]],
    [acc, 'getIssue', { issue_id: inAcc.entity('iss').toUpperCase() }, ['not-found', /^Issue with ID/]],
    [acc, 'removeDatasetFromExperiments', { dataset_id: inAcc.entity('d'), experiment_ids: [inAcc.experiment] }, ['invalid-parameter', /in no experiment and belong to nobody/]],
    [acc, 'removeDatasetFromExperiments', { dataset_id: inAcc.entity('d'), experiment_ids: ['0'] }, null],
  ])
  assertAbsent(t, [acc, 'deleteDataset', { dataset_id: inProd.entity('d') }, { dataset_id: absentEntity('d') }])
  assertAbsent(t, [acc, 'getIssue', { issue_id: inProd.entity('iss') }, { issue_id: absentEntity('iss') }])
  assertAbsent(t, [acc, 'getLabelSchema', { schema_id: inProd.entity('ls') }, { schema_id: absentEntity('ls') }])
  assertAbsent(t, [acc, 'getReviewQueue', { queue_id: inProd.entity('rq') }, { queue_id: absentEntity('rq') }])
})
