import t from 'tap'
import { absentRun, acc, inAcc, inProd, prod } from '../../../fixtures/tenancy.ts'
import { assertAbsent, assertCases } from '../../../harness/check-cases.ts'

const data = (source: string, run = inAcc.run(1)) => ({
  run_id: run,
  datasets: [{ dataset: { name: 'd', digest: '1', source } }],
})

t.test('what data was read from must be readable where it is MLflow’s', async (t) => {
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'logInputs', data('s3://anywhere/file.csv'), null],
    [acc, 'logInputs', data(JSON.stringify({ uri: `runs:/${inAcc.run(2)}/data` })), null],
    [acc, 'logInputs', data(JSON.stringify([{ deep: `runs:/${inProd.run(1)}/data` }])), ['not-found', /Run with id/]],
    [acc, 'logInputs', data('models:/fraud/1'), null],
    [acc, 'logInputs', data('models:/fraud_prod/1'), ['foreign-name', /belongs to another environment/]],
    [acc, 'logInputs', data('MODELS://host@x/fraud_prod/1'), ['foreign-name', /belongs to another environment/]],
    [acc, 'logInputs', data(`models:/${inProd.model(1)}`), ['not-found', /Logged model with ID/]],
    [acc, 'logInputs', data(`mlflow-artifacts:/${inProd.experiment}/${inProd.run(1)}/artifacts/x`), ['not-found', /Run with id/]],
    [acc, 'logInputs', data(`mlflow-artifacts:/${inAcc.experiment}/models/${inAcc.model(1)}/artifacts`), null],
    [prod, 'logInputs', data(`runs:/${inAcc.run(2)}/data`, inProd.run(1)), null],
  ])
  assertAbsent(t, [acc, 'logInputs', data(`runs:/${inProd.run(1)}/d`), data(`runs:/${absentRun}/d`)])
})
