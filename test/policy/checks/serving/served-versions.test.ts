import t from 'tap'
import { servedBy } from '../../../../src/policy/checks/serving/served-versions.ts'
import { makeEnvironment, requestTo } from '../../../fakes/fake-fact-source.ts'
import { makeTenancy } from '../../../fixtures/tenancy.ts'
import { assertCases } from '../../../harness/check-cases.ts'

const tenancy = makeTenancy('databricks')
const [inAcc, , inProd] = tenancy.places
const [acc, prod] = [inAcc.environment, inProd.environment]
const serve = (entity: object) => ({ name: 'scorer', config: { served_entities: [entity] } })
const version = (entity_name: string, entity_version: string) => serve({ entity_name, entity_version })

t.test('an endpoint serves versions that the caller may read, and none of production but for production', async (t) => {
  const foreign = (sentence: RegExp) => ['foreign-source', sentence] as const
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'createServingEndpoint', version('fraud', '2'), null],
    [acc, 'createServingEndpoint', version('risk', '1'), ['production-version', /^Version 1 of model 'risk' is in production/]],
    [acc, 'createServingEndpoint', version('fraud', '9'), ['not-found', /name=fraud, version=9/]],
    [acc, 'createServingEndpoint', version('fraud_prod', '1'), ['foreign-name', /belongs to another environment/]],
    [acc, 'createServingEndpoint', version('fraud', '02'), ['invalid-parameter', /^Parameter 'entity_version' must be an integer/]],
    [prod, 'createServingEndpoint', version('fraud_acc', '2'), null],
    [acc, 'createServingEndpoint', serve({ entity_name: 'fraud' }), foreign(/^Serving endpoints serve versions/)],
    [acc, 'createServingEndpoint', serve({ foundation_model: {} }), foreign(/system\.ai/)],
    [acc, 'createServingEndpoint', serve({ external_model: { provider: 'openai', name: 'gpt' } }), foreign(/external models of provider 'openai' are not served/i)],
    [acc, 'createServingEndpoint', { ...version('fraud', '2'), route_optimized: true }, foreign(/bypass this proxy/)],
    [acc, 'createServingEndpoint', { ...version('fraud', '2'), name: 'scorer_prod' }, ['foreign-name', /serving endpoint name/]],
  ], tenancy)
})

t.test('shared endpoints are got and queried, and not changed', async (t) => {
  const sharing = makeEnvironment('acc', { sharedServingEndpoints: ['llama'] })
  // biome-ignore format: a table
  assertCases(t, [
    [sharing, 'getServingEndpoint', { name: 'llama' }, null],
    [sharing, 'queryServingEndpoint', { name: 'llama' }, null],
    [sharing, 'deleteServingEndpoint', { name: 'llama' }, ['read-only', /of the whole workspace/]],
  ], tenancy)
})

t.test('everything that is to be served, in either spelling', async (t) => {
  const older = { served_models: [{ model_name: 'fraud', model_version: '1' }] }
  const request = requestTo('createServingEndpoint', {
    name: 'scorer',
    config: { ...older, served_entities: [{ entity_name: 'risk' }] },
  })
  t.same(
    servedBy(request).map(({ name, version }) => [name, version]),
    [
      ['risk', ''],
      ['fraud', '1'],
    ],
  )
})
