import t from 'tap'
import { checkOneRunId } from '../../../../src/policy/checks/request/fields.ts'
import { requestTo } from '../../../fakes/fake-fact-source.ts'
import { acc, inAcc } from '../../../fixtures/tenancy.ts'
import { assertCases } from '../../../harness/check-cases.ts'

t.test('what MLflow requires must be there and hold something', async (t) => {
  const trace = { trace_id: `tr-${'8'.repeat(32)}`, prompt_versions: [{ name: 'p', version: '1' }, { name: 'p' }] }
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'getRun', { run_id: inAcc.run(1) }, null],
    [acc, 'getRun', { run_uuid: inAcc.run(1) }, null],
    [acc, 'getRun', {}, ['invalid-parameter', /required parameter 'run_id'/]],
    [acc, 'getRun', { run_id: '' }, ['invalid-parameter', /required parameter 'run_id'/]],
    [acc, 'linkTracesToRun', { trace_ids: [], run_id: inAcc.run(1) }, ['invalid-parameter', /required parameter 'trace_ids'/]],
    [acc, 'searchTraces', { locations: [] }, null],
    [acc, 'linkPromptsToTrace', trace, ['invalid-parameter', /required parameter 'prompt_versions\[\]\.version'/]],
  ])
})

t.test('two spellings of a run’s id say one run', async (t) => {
  const said = (run_id: string, run_uuid: string) => () => checkOneRunId(requestTo('getRun', { run_id, run_uuid }))
  t.doesNotThrow(said('a', 'a'))
  t.doesNotThrow(said('a', ''))
  t.throws(said('a', 'b'), { reason: 'invalid-parameter', message: /different runs/ })
})

t.test('parts that are not served are refused unless they are empty', async (t) => {
  const artifact = { name: 'fraud', version: '2', path: 'MLmodel' }
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'getLoggedModelArtifact', { model_id: inAcc.model(1), artifact_file_path: 'x' }, null],
    [
      acc,
      'getLoggedModelArtifact',
      { model_id: inAcc.model(1), artifact_file_path: 'x', presigned: 'true' },
      ['invalid-parameter', /'presigned' is not served/],
    ],
    [acc, 'getModelVersionArtifact', { ...artifact, presigned: '1' }, ['invalid-parameter', /'presigned' is not served/]],
  ])
})
