import t from 'tap'
import { isOwn, upstreamExperimentId } from '../../../../src/policy/checks/runs/owned-ids.ts'
import { grantOf } from '../../../fakes/fake-fact-source.ts'
import {
  absentExperiment,
  absentModel,
  absentRun,
  acc,
  config,
  inAcc,
  inPreprod,
  inProd,
  openSourceTenancy,
  prod,
} from '../../../fixtures/tenancy.ts'
import { assertAbsent, assertCases, judgeIn } from '../../../harness/check-cases.ts'

t.test('experiment 0 is the environment’s own default', async (t) => {
  t.equal(upstreamExperimentId('0', '10'), '10')
  t.equal(upstreamExperimentId('11', '10'), '11')
  const { context } = grantOf(judgeIn(openSourceTenancy, acc, 'getExperiment', { experiment_id: '0' }))
  t.same(context.references, [{ kind: 'experiment', logical: '0', upstream: inAcc.defaultExperiment }])
})

t.test('an experiment is its environment’s by its name alone', async (t) => {
  const context = { config, environment: acc }
  t.equal(isOwn(context, { id: '1', name: '/experiments/acc/x' }), true)
  t.equal(isOwn(context, { id: '1', name: '/experiments/prod/x' }), false)
  t.equal(isOwn(context, { id: '0', name: 'Default' }), false, 'MLflow’s own is nobody’s')
  t.equal(isOwn(context, undefined), false)
})

t.test('searches pass over foreign and absent experiments alike', async (t) => {
  const ids = [inAcc.experiment, inProd.experiment, absentExperiment]
  const { context } = grantOf(judgeIn(openSourceTenancy, acc, 'searchRuns', { experiment_ids: ids }))
  t.same([...context.visibleExperiments], [inAcc.experiment])
  t.same([...context.passedOver], [inProd.experiment, absentExperiment])
})

t.test('a run or model in the wrong case, or with letters that are not seen, is no reference', async (t) => {
  const tag = (value: string) => ({ run_id: inAcc.run(1), key: 'mlflow.parentRunId', value })
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'setTag', tag(inAcc.run(2)), null],
    [acc, 'setTag', tag(`A${inAcc.run(2).slice(1)}`), ['invalid-parameter', /32 lower-case hexadecimal digits/]],
    [
      acc,
      'setTag',
      { ...tag(''), key: 'mlflow.modelId', value: absentModel.toUpperCase() },
      ['invalid-parameter', /logged model must be/],
    ],
    [prod, 'setTag', { ...tag(inAcc.run(2)), run_id: inProd.run(1) }, null],
    [prod, 'setTag', { ...tag(inPreprod.run(2)), run_id: inProd.run(1) }, ['not-found', /Run with id/]],
  ])
  assertAbsent(t, [acc, 'setTag', tag(inProd.run(1)), tag(absentRun)])
})
