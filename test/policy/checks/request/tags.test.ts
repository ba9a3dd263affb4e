import t from 'tap'
import { findsProxyTag, makePrompt } from '../../../../src/policy/checks/request/tags.ts'
import { toJson } from '../../../fakes/fake-fact-source.ts'
import { absentRun, acc, inAcc, inProd, prod } from '../../../fixtures/tenancy.ts'
import { assertAbsent, assertCases } from '../../../harness/check-cases.ts'

const set = (key: string, value: string) => ({ run_id: inAcc.run(1), key, value })

t.test('tags point at what the caller may read', async (t) => {
  const listed = (...ids: string[]) => set('mlflow.prompt.associatedRunIds', ids.join(','))
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'setTag', set('mlflow.parentRunId', inAcc.run(2)), null],
    [acc, 'setTag', set('MLFLOW.PARENTRUNID', inProd.run(1)), ['not-found', /Run with id/]],
    [acc, 'setTag', listed(inAcc.run(1), inAcc.run(2)), null],
    [acc, 'setTag', listed(inAcc.run(1), inProd.run(2)), ['not-found', /Run with id/]],
    [acc, 'setTag', listed('x'.repeat(100_001)), ['invalid-parameter', /list of runs exceeds/]],
    [
      acc,
      'setTag',
      set('mlflow.log-model.history', JSON.stringify([{ model_id: inProd.model(1) }])),
      ['not-found', /Logged model/],
    ],
    [acc, 'setTag', set('mlflow.log-model.history', JSON.stringify([{ name: inProd.run(1) }])), null],
    [prod, 'setTag', { ...set('mlflow.parentRunId', inAcc.run(2)), run_id: inProd.run(1) }, null],
    [
      acc,
      'createDataset',
      { name: 'd', tags: JSON.stringify({ 'mlflow.parentRunId': inProd.run(1) }) },
      ['not-found', /Run with id/],
    ],
    [acc, 'createDataset', { name: 'd', tags: '[]' }, ['invalid-parameter', /must be a JSON object/]],
  ])
  assertAbsent(t, [acc, 'setTag', set('mlflow.parentRunId', inProd.run(1)), set('mlflow.parentRunId', absentRun)])
})

t.test('the proxy’s own notes are nobody’s to write', async (t) => {
  for (const key of ['mlflow-env-proxy.pendingStage', 'mlflow_env_proxy_pending_alias', 'MLFLOW-env-proxy.leadingSlash']) {
    t.not(findsProxyTag(key), null, key)
    assertCases(t, [[acc, 'setTag', set(key, 'x'), ['invalid-parameter', /reserved for the proxy/]]])
  }
  t.equal(findsProxyTag('mlflow-env-proxy'), null)
})

t.test('a version is a prompt’s where each such tag says so', async (t) => {
  const tags = (...values: string[]) => toJson(values.map((value) => ({ key: 'mlflow.prompt.is_prompt', value })))
  t.equal(makePrompt(tags('true')), true)
  t.equal(makePrompt(tags('TRUE')), true)
  t.equal(makePrompt(tags('true', 'false')), false)
  t.equal(makePrompt(tags()), false)
  t.equal(makePrompt(toJson([{ key: 'MLFLOW.prompt.is_prompt', value: 'true' }])), false, 'in MLflow’s own spelling')
})
