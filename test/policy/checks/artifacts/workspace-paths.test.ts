import t from 'tap'
import { makeTenancy } from '../../../fixtures/tenancy.ts'
import { assertCases } from '../../../harness/check-cases.ts'

const tenancy = makeTenancy('databricks', 'databricks')
const [inAcc, , inProd] = tenancy.places
const acc = inAcc.environment
const file = (file_path: string) => ({ file_path })

t.test('of a workspace’s files those of runs, models and the own prefixes are served', async (t) => {
  const closed = ['closed-endpoint', /artifacts of your own runs and logged models/] as const
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'readDbfsFile', file('models/acc/x'), null],
    [acc, 'writeDbfsFile', file('models/acc/x'), null],
    [acc, 'readDbfsFile', file('models/prod/x'), closed],
    [acc, 'readDbfsFile', file('models/accx/x'), closed],
    [acc, 'readDbfsFile', file(`databricks/mlflow-tracking/${inAcc.experiment}/${inAcc.run(1)}/artifacts/x`), null],
    [acc, 'readDbfsFile', file(`databricks/mlflow-tracking/${inProd.experiment}/${inProd.run(1)}/artifacts/x`), closed],
    [acc, 'readDbfsFile', file('etc/passwd'), closed],
    [acc, 'writeDbfsFile', file('mlflow-experiments/1/projects-code/x.tar.gz'), ['closed-endpoint', /Jobs cannot be submitted/]],
  ], tenancy)
})
