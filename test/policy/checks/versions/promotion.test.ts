import t from 'tap'
import { absentModel, absentRun, acc, inAcc, inPreprod, inProd, makeVersion, prod, tenancy } from '../../../fixtures/tenancy.ts'
import { assertAbsent, assertCases } from '../../../harness/check-cases.ts'

t.test('whoever promotes reads what is behind the versions that they may promote', async (t) => {
  // biome-ignore format: a table
  assertCases(t, [
    [prod, 'getRun', { run_id: inAcc.run(2) }, null],
    [prod, 'getRun', { run_id: inAcc.run(1) }, ['not-found', /^Run with id/]],
    [prod, 'getRun', { run_id: inPreprod.run(2) }, ['not-found', /^Run with id/]],
    [prod, 'getLoggedModel', { model_id: inAcc.model(2) }, null],
    [prod, 'getLoggedModel', { model_id: inAcc.model(1) }, ['not-found', /^Logged model/]],
    [acc, 'getRun', { run_id: inProd.run(2) }, ['not-found', /^Run with id/]],
  ])
  assertAbsent(t, [prod, 'getRun', { run_id: inAcc.run(1) }, { run_id: absentRun }])
  assertAbsent(t, [prod, 'getLoggedModel', { model_id: inPreprod.model(2) }, { model_id: absentModel }])
})

t.test('an own version shows a run only of an environment that is promoted from', async (t) => {
  const facts = {
    ...tenancy,
    versions: [makeVersion('x_prod/1', { runId: inPreprod.run(1) }), makeVersion('y_prod/1', { runId: inAcc.run(1) })],
  }
  // biome-ignore format: a table
  assertCases(t, [
    [prod, 'getRun', { run_id: inPreprod.run(1) }, ['not-found', /^Run with id/]],
    [prod, 'getRun', { run_id: inAcc.run(1) }, null],
  ], undefined, facts)
})
