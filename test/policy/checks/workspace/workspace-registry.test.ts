import t from 'tap'
import { acc, makeTenancy } from '../../../fixtures/tenancy.ts'
import { assertCases } from '../../../harness/check-cases.ts'

t.test('the registry of a workspace has no prompts', async (t) => {
  const workspace = makeTenancy('databricks')
  const [{ environment }] = workspace.places
  const tagged = { name: 'x', tags: [{ key: 'mlflow.prompt.is_prompt', value: 'true' }] }
  const none = ['invalid-parameter', /has no prompts: Databricks keeps them in Unity Catalog/] as const
  // biome-ignore format: a table
  assertCases(t, [
    [environment, 'createRegisteredModel', tagged, none],
    [environment, 'createRegisteredModel', { name: 'x', tags: [{ key: 'team', value: 'red' }] }, null],
    [environment, 'setRegisteredModelTag', { name: 'x', key: 'MLFLOW.prompt.is_prompt', value: 'true' }, none],
    [environment, 'createModelVersion', { name: 'fraud', source: 'dummy-source' }, none],
  ], workspace)
  assertCases(t, [[acc, 'createRegisteredModel', tagged, null]])
})
