import t from 'tap'
import { lent } from '../../../fixtures/gateway-tenancy.ts'
import { acc, inAcc, inProd, prod } from '../../../fixtures/tenancy.ts'
import { assertAbsent, assertCases } from '../../../harness/check-cases.ts'

const absent = (kind: string) => `${kind}-${'9'.repeat(32)}`

t.test('things of the gateway are their environment’s by their names', async (t) => {
  const definition = { name: 'x', provider: 'openai', model_name: 'gpt' }
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'getGatewaySecret', { secret_id: inAcc.gateway('s') }, null],
    [acc, 'getGatewaySecret', { secret_id: inAcc.gateway('s').toUpperCase() }, ['not-found', /^GatewaySecret not found/]],
    [prod, 'getModelDefinition', { model_definition_id: inAcc.gateway('d') }, ['not-found', /^GatewayModelDefinition not found/]],
    [acc, 'createModelDefinition', { ...definition, secret_id: inAcc.gateway('s') }, null],
    [acc, 'createModelDefinition', { ...definition, secret_id: inProd.gateway('s') }, ['not-found', /^GatewaySecret not found/]],
    [acc, 'deleteGatewaySecret', { secret_id: lent.usedByProd }, ['read-only', /also used outside your environment/]],
    [acc, 'updateModelDefinition', { model_definition_id: lent.definition, model_name: 'x' }, ['read-only', /secret that does not belong to your environment/]],
  ])
  assertAbsent(t, [acc, 'getGatewayEndpoint', { endpoint_id: inProd.gateway('e') }, { endpoint_id: absent('e') }])
  assertAbsent(t, [
    acc,
    'deleteModelDefinition',
    { model_definition_id: inProd.gateway('d') },
    { model_definition_id: absent('d') },
  ])
  assertAbsent(t, [acc, 'deleteGatewaySecret', { secret_id: inProd.gateway('s') }, { secret_id: absent('s') }])
})
