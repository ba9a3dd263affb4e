import t from 'tap'
import { makeEnvironment } from '../../../fakes/fake-fact-source.ts'
import { absentScorer, acc, inAcc, inProd } from '../../../fixtures/tenancy.ts'
import { assertAbsent, assertCases } from '../../../harness/check-cases.ts'

const scorer = (text: unknown) => ({
  experiment_id: inAcc.experiment,
  name: 'x',
  serialized_scorer: typeof text === 'string' ? text : JSON.stringify(text),
})
const judge = (model: string, more = {}) => scorer({ instructions_judge_pydantic_data: { model, ...more } })

t.test('a scorer asks the environment’s own endpoints, and nothing else of the server', async (t) => {
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'registerScorer', judge('openai:/gpt'), null],
    [acc, 'registerScorer', judge('gateway:/chat'), null],
    [acc, 'registerScorer', judge('gateway:/chat_prod'), ['foreign-name', /gateway endpoint name/]],
    [acc, 'registerScorer', judge('gateway:/chat', { inference_params: { api_base: 'x' } }), ['closed-endpoint', /Only a judge or a built-in scorer/]],
    [acc, 'registerScorer', scorer({ call_source: 'model = "gateway:/chat"', other: 'gateway:/chat' }), ['closed-endpoint', /Only a judge or a built-in scorer/]],
    [acc, 'registerScorer', scorer('{'), ['invalid-parameter', /must be valid JSON/]],
    [makeEnvironment('acc', { gateway: false }), 'registerScorer', judge('gateway:/chat'), ['closed-endpoint', /gateway is not open in environment 'acc'/]],
    [makeEnvironment('acc', { gateway: false }), 'registerScorer', judge('openai:/gpt'), null],
  ])
})

t.test('an endpoint is bound to scorers of the caller’s own experiments', async (t) => {
  const bound = (resource_id: string) => ({ endpoint_id: inAcc.gateway('e'), resource_type: 'scorer', resource_id })
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'createEndpointBinding', bound(inAcc.scorer), null],
    [acc, 'createEndpointBinding', bound('job-12'), null],
    [acc, 'createEndpointBinding', bound(` ${inProd.scorer}`), ['invalid-parameter', /A scorer's id has lower-case letters/]],
  ])
  assertAbsent(t, [acc, 'createEndpointBinding', bound(inProd.scorer), bound(absentScorer)])
})
