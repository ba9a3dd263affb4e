import t from 'tap'
import { grantOf } from '../../../fakes/fake-fact-source.ts'
import { lent } from '../../../fixtures/gateway-tenancy.ts'
import { acc, inAcc, openSourceTenancy, tenancy } from '../../../fixtures/tenancy.ts'
import { judgeIn } from '../../../harness/check-cases.ts'

const made = { name: 'x', model_configs: [{ model_definition_id: inAcc.gateway('d') }] }
const usage = (endpoint: string, fields: object) =>
  grantOf(judgeIn(openSourceTenancy, acc, endpoint, { ...fields })).context.usageExperimentId

t.test('where MLflow would make an experiment for the use of an endpoint, it is one of the environment’s', async (t) => {
  const gateway = { id: '77', name: '/experiments/acc/gateway/x' }
  const facts = { ...tenancy, experiments: [...tenancy.experiments, gateway] }
  t.equal(grantOf(judgeIn(openSourceTenancy, acc, 'createGatewayEndpoint', made, facts)).context.usageExperimentId, '77')
  t.equal(usage('createGatewayEndpoint', { ...made, usage_tracking: false }), null)
  t.equal(usage('createGatewayEndpoint', { ...made, experiment_id: inAcc.experiment }), null)
  t.equal(usage('updateGatewayEndpoint', { endpoint_id: lent.endpoint, usage_tracking: true }), '777')
  t.equal(usage('updateGatewayEndpoint', { endpoint_id: lent.endpoint }), null, 'not asked for')
  t.equal(usage('updateGatewayEndpoint', { endpoint_id: inAcc.gateway('e'), usage_tracking: true }), null, 'it has one')
})
