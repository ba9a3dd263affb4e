import t from 'tap'
import { acc, inAcc, inProd, makeTenancy, makeVersion, prod, tenancy } from '../../../fixtures/tenancy.ts'
import { assertCases } from '../../../harness/check-cases.ts'

const frozen = (what: string) =>
  ['frozen', new RegExp(`made of this ${what}, so it can no longer be changed or deleted`)] as const

t.test('what a version in production is made of stays as it is', async (t) => {
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'deleteRun', { run_id: inAcc.run(1) }, null],
    [acc, 'deleteRun', { run_id: inAcc.run(3) }, frozen('run')],
    [acc, 'deleteLoggedModel', { model_id: inAcc.model(3) }, frozen('logged model')],
    [acc, 'deleteExperiment', { experiment_id: inAcc.frozenExperiment }, frozen('experiment')],
    [acc, 'deleteModelVersion', { name: 'risk', version: '2' }, frozen('version')],
    [acc, 'deleteModelVersion', { name: 'fraud', version: '2' }, null],
    [prod, 'deleteRun', { run_id: inProd.run(2) }, null],
  ])
})

t.test('copies of copies count', async (t) => {
  const copies = [makeVersion('a_acc/1', { runId: inAcc.run(1) }), makeVersion('b_acc/1', { source: 'models:/a_acc/1' })]
  const facts = (stage: 'Production' | 'None') => ({
    ...tenancy,
    versions: [...copies, makeVersion('c_acc/1', { stage, source: 'models:/b_acc/1' })],
  })
  assertCases(t, [[acc, 'deleteRun', { run_id: inAcc.run(1) }, frozen('run')]], undefined, facts('Production'))
  assertCases(t, [[acc, 'deleteRun', { run_id: inAcc.run(1) }, null]], undefined, facts('None'))
})

t.test('a Databricks workspace has copies of its own', async (t) => {
  const workspace = makeTenancy('databricks')
  const [place] = workspace.places
  assertCases(t, [[place.environment, 'deleteRun', { run_id: place.run(3) }, null]], workspace)
})
