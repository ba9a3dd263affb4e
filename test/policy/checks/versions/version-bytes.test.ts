import t from 'tap'
import { acc, inAcc, inProd, makeVersion, prod, tenancy } from '../../../fixtures/tenancy.ts'
import { assertCases } from '../../../harness/check-cases.ts'

const file = (name: string, version = '1') => ({ name, version, path: 'MLmodel' })
const missing = ['not-found', /^No such artifact: 'MLmodel'$/] as const
const inStore = (experiment: string, run: string) => `mlflow-artifacts:/${experiment}/${run}/artifacts/m`

t.test('what MLflow opens for a version is the caller’s to read, whoever wrote where it lies', async (t) => {
  const facts = {
    ...tenancy,
    versions: [
      makeVersion('own_acc/1', { source: inStore(inAcc.experiment, inAcc.run(1)) }),
      makeVersion('stray_acc/1', { source: inStore(inProd.experiment, inProd.run(1)) }),
      makeVersion('bucket_acc/1', { source: 's3://acc-bucket/models/x' }),
      makeVersion('elsewhere_acc/1', { source: 's3://prod-bucket/models/x' }),
      makeVersion('copy_acc/1', { source: 'models:/own_acc/1' }),
      makeVersion('foreigncopy_acc/1', { source: 'models:/own_prod/1' }),
      makeVersion('own_prod/1', { source: inStore(inAcc.experiment, inAcc.run(1)) }),
    ],
  }
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'getModelVersionArtifact', file('own'), null],
    [acc, 'getModelVersionArtifact', file('copy'), null],
    [acc, 'getModelVersionArtifact', file('bucket'), null],
    [acc, 'getModelVersionArtifact', file('stray'), missing],
    [acc, 'getModelVersionArtifact', file('elsewhere'), missing],
    [acc, 'getModelVersionArtifact', file('foreigncopy'), missing],
    [acc, 'getModelVersionArtifact', file('own', '9'), ['not-found', /^Model Version/]],
  ], undefined, facts)
  assertCases(t, [[prod, 'getModelVersionArtifact', file('fraud_acc', '2'), null]])
})
