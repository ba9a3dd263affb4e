import t from 'tap'
import { absentEntity, acc, inAcc, inProd } from '../../../fixtures/tenancy.ts'
import { assertCases } from '../../../harness/check-cases.ts'

const issue = (issue_id: string) => ({ experiment_id: inAcc.experiment, name: 'n', description: 'd', issue_id })
const named = (assessment_name: string) => ({ trace_id: inAcc.trace(1), assessment: { assessment_name } })

t.test('an issue’s new id is free or the caller’s own', async (t) => {
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'createIssue', issue(absentEntity('iss')), null],
    [acc, 'createIssue', issue(inAcc.entity('iss')), null],
    [acc, 'createIssue', issue(inProd.entity('iss')), ['not-found', /^Issue with ID/]],
    [acc, 'createIssue', issue('mine'), ['invalid-parameter', /issue_id must be iss-/]],
  ])
})

t.test('issues that assessments point at are readable, in whatever spelling', async (t) => {
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'createAssessment', named('correctness'), null],
    [acc, 'createAssessment', named(inAcc.entity('iss')), null],
    [acc, 'createAssessment', named(inProd.entity('iss')), ['not-found', /^Issue with ID/]],
    [acc, 'createAssessment', named(inProd.entity('iss').toUpperCase()), ['not-found', /^Issue with ID/]],
  ])
})

t.test('issues are counted in one experiment', async (t) => {
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'searchIssues', { include_total_count: true, experiment_id: inAcc.experiment }, null],
    [acc, 'searchIssues', { include_total_count: true }, ['invalid-parameter', /counted in one experiment/]],
    [acc, 'searchIssues', {}, null],
  ])
})
