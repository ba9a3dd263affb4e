import t from 'tap'
import { makeEnvironment } from '../../../fakes/fake-fact-source.ts'
import { acc, inAcc, openSourceTenancy, prod } from '../../../fixtures/tenancy.ts'
import { assertCases, judgeIn } from '../../../harness/check-cases.ts'

t.test('names are judged without a question, whether or not the thing exists', async (t) => {
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'getRegisteredModel', { name: 'fraud' }, null],
    [acc, 'getRegisteredModel', { name: 'fraud_acc' }, null],
    [
      acc,
      'getRegisteredModel',
      { name: 'fraud_prod' },
      ['foreign-name', /'fraud_prod' belongs to another environment, and you are in 'acc'/],
    ],
    [acc, 'getRegisteredModel', { name: 'nothing_prod' }, ['foreign-name', /belongs to another environment/]],
    [prod, 'getRegisteredModel', { name: 'fraud_acc' }, null],
    [
      prod,
      'updateRegisteredModel',
      { name: 'fraud_acc', description: 'x' },
      ['read-only', /you may read and promote its versions/],
    ],
    [acc, 'createRegisteredModel', { name: 'x_prod' }, ['foreign-name', /belongs to another environment/]],
    [acc, 'createRegisteredModel', { name: 'x_prod_acc' }, ['invalid-parameter', /names an environment twice/]],
    [acc, 'getExperimentByName', { experiment_name: '/experiments/prod/x' }, ['foreign-name', /experiment name/]],
    [acc, 'createExperiment', { name: 'x' }, null],
  ])
  t.same(judgeIn(openSourceTenancy, acc, 'getRegisteredModel', { name: 'nothing_prod' }).questions, [])
})

t.test('the AI gateway is where the operators open it', async (t) => {
  const call = { model: 'chat' }
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'gatewayChat', call, null],
    [
      makeEnvironment('acc', { gateway: false }),
      'gatewayChat',
      call,
      ['closed-endpoint', /gateway is not open in environment 'acc'/],
    ],
    [acc, 'gatewayChat', { model: 7 }, ['invalid-parameter', /it must be the name of a gateway endpoint/]],
    [acc, 'gatewayChat', { model: 'chat_prod' }, ['foreign-name', /gateway endpoint name/]],
  ])
})

t.test('the default experiment keeps its name', async (t) => {
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'updateExperiment', { experiment_id: inAcc.experiment, new_name: 'x' }, null],
    [acc, 'updateExperiment', { experiment_id: '0', new_name: 'x' }, ['invalid-parameter', /default experiment keeps its name/]],
  ])
})
