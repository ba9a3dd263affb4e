import t from 'tap'
import { absentExperiment, acc, inAcc, inProd, prod } from '../../../fixtures/tenancy.ts'
import { assertAbsent, assertCases } from '../../../harness/check-cases.ts'

const of = (experiment_id: string) => ({ experiment_id })

t.test('an experiment is its environment’s, to read as to change', async (t) => {
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'getExperiment', of(inAcc.experiment), null],
    [acc, 'deleteExperiment', of(inAcc.experiment), null],
    [acc, 'deleteExperiment', of(inAcc.frozenExperiment), ['frozen', /made of this experiment/]],
    [acc, 'restoreExperiment', of(inAcc.frozenExperiment), null],
    [prod, 'getExperiment', of(inAcc.experiment), ['not-found', /in environment 'prod'\. If the id comes from MLFLOW_EXPERIMENT_ID/]],
    [acc, 'createRun', of(inProd.experiment), ['not-found', /select an experiment of the environment/]],
  ])
  for (const endpoint of ['getExperiment', 'deleteExperiment', 'createRun'])
    assertAbsent(t, [acc, endpoint, of(inProd.experiment), of(absentExperiment)])
})
