import t from 'tap'
import { grantOf } from '../../../fakes/fake-fact-source.ts'
import { makeTenancy, openSourceTenancy, type Tenancy } from '../../../fixtures/tenancy.ts'
import { assertCases, judgeIn } from '../../../harness/check-cases.ts'

const workspace = makeTenancy('databricks')
const locationIn = (tenancy: Tenancy, source: string) =>
  grantOf(judgeIn(tenancy, tenancy.places[0].environment, 'createModelVersion', { name: 'fraud', source })).context.sourceLocation

t.test('the registry of a workspace is told where a logged model’s files lie', async (t) => {
  const [inAcc, , inProd] = workspace.places
  const source = `models:/${inAcc.model(1)}`
  t.match(locationIn(workspace, source), new RegExp(`^dbfs:/databricks/mlflow-tracking/.*${inAcc.model(1)}/artifacts$`))
  t.equal(locationIn(workspace, 'models:/fraud/2'), null)
  t.equal(locationIn(openSourceTenancy, source), null, 'an open-source server knows it itself')
  const foreign = { name: 'fraud', source: `models:/${inProd.model(1)}` }
  assertCases(t, [[inAcc.environment, 'createModelVersion', foreign, ['not-found', /^Logged model/]]], workspace)
})
