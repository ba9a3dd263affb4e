import t from 'tap'
import { absentModel, absentRun, acc, inAcc, inProd, prod } from '../../../fixtures/tenancy.ts'
import { assertAbsent, assertCases } from '../../../harness/check-cases.ts'

t.test('runs and logged models are changed by their own environment alone, and read also by whoever promotes', async (t) => {
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'updateRun', { run_id: inAcc.run(1) }, null],
    [acc, 'updateRun', { run_id: inAcc.run(3) }, ['frozen', /made of this run/]],
    [acc, 'setLoggedModelTags', { model_id: inAcc.model(1), tags: [{ key: 'a', value: 'b' }] }, null],
    [
      acc,
      'setLoggedModelTags',
      { model_id: inAcc.model(3), tags: [{ key: 'a', value: 'b' }] },
      ['frozen', /made of this logged model/],
    ],
    [acc, 'setLoggedModelTags', { model_id: inAcc.model(3), tags: [{ key: 'mlflow.modelVersions', value: '[]' }] }, null],
    [prod, 'getRun', { run_id: inAcc.run(2) }, null],
    [prod, 'updateRun', { run_id: inAcc.run(2) }, ['not-found', /^Run with id=\w+ not found$/]],
    [prod, 'getLoggedModel', { model_id: inAcc.model(2) }, null],
    [prod, 'deleteLoggedModel', { model_id: inAcc.model(2) }, ['not-found', /Logged model with ID/]],
  ])
  assertAbsent(t, [acc, 'getRun', { run_id: inProd.run(1) }, { run_id: absentRun }])
  assertAbsent(t, [acc, 'deleteRun', { run_id: inProd.run(1) }, { run_id: absentRun }])
  assertAbsent(t, [acc, 'getLoggedModel', { model_id: inProd.model(1) }, { model_id: absentModel }])
})

t.test('what is only pointed at must be readable, and text that is no id names nothing', async (t) => {
  const create = (source_run_id: string) => ({ experiment_id: inAcc.experiment, source_run_id })
  const input = (model_id: string) => ({ run_id: inAcc.run(1), models: [{ model_id }] })
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'createLoggedModel', create(inAcc.run(1)), null],
    [acc, 'createLoggedModel', create('job 12'), null],
    [acc, 'createLoggedModel', create(inAcc.run(3)), ['frozen', /made of this run/]],
    [acc, 'logInputs', input(inAcc.model(1)), null],
    [acc, 'logInputs', input(inProd.model(1)), ['not-found', /Logged model with ID/]],
  ])
  assertAbsent(t, [acc, 'createLoggedModel', create(inProd.run(1)), create(absentRun)])
})
