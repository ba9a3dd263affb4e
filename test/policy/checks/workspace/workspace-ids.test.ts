import t from 'tap'
import { makeTenancy } from '../../../fixtures/tenancy.ts'
import { assertAbsent, assertCases } from '../../../harness/check-cases.ts'

const tenancy = makeTenancy('databricks')
const [inAcc, , inProd] = tenancy.places
const [acc, prod] = [inAcc.environment, inProd.environment]
const model = (registered_model_id: string) => ({ registered_model_id })
const endpoint = (serving_endpoint_id: string) => ({ serving_endpoint_id })

t.test('ids that say nothing of their owner lead to things of the caller’s own', async (t) => {
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'deleteRegistryWebhook', { id: inAcc.opaqueId('hook') }, null],
    [acc, 'deleteRegistryWebhook', { id: '../x' }, ['not-found', /^Webhook with id/]],
    [prod, 'deleteRegistryWebhook', { id: inAcc.opaqueId('hook') }, ['not-found', /^Webhook with id/]],
    [acc, 'getModelPermissions', model(inAcc.opaqueId('model')), null],
    [acc, 'getServingPermissions', endpoint(inAcc.opaqueId('endpoint')), null],
    [acc, 'setModelPermissions', model(inAcc.opaqueId('model')), ['stage', /Only callers of a production environment/]],
    [prod, 'setModelPermissions', model(inProd.opaqueId('model')), null],
    [acc, 'updateServingPermissions', endpoint(inAcc.opaqueId('endpoint')), ['stage', /may change its permissions/]],
  ], tenancy)
  assertAbsent(t, [acc, 'testRegistryWebhook', { id: inProd.opaqueId('hook') }, { id: 'absent' }], tenancy)
  assertAbsent(t, [acc, 'getModelPermissions', model(inProd.opaqueId('model')), model('absent')], tenancy)
  assertAbsent(t, [acc, 'getServingPermissions', endpoint(inProd.opaqueId('endpoint')), endpoint('absent')], tenancy)
})
