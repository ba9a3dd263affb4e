import t from 'tap'
import { acc, inAcc } from '../../../fixtures/tenancy.ts'
import { assertCases } from '../../../harness/check-cases.ts'

const set = (key: string, value = 'x') => ({ experiment_id: inAcc.experiment, key, value })

t.test('tags of an experiment neither set the server to work nor are the proxy’s own', async (t) => {
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'setExperimentTag', set('team'), null],
    [acc, 'setExperimentTag', set('mlflow.issueDetection.schedule'), ['closed-endpoint', /look for issues with its own secrets/]],
    [acc, 'setExperimentTag', set('MLFLOW.issuedetection.CHECKPOINT'), ['closed-endpoint', /look for issues with its own secrets/]],
    [acc, 'setExperimentTag', set('mlflow-env-proxy.leadingSlash'), ['invalid-parameter', /reserved for the proxy/]],
    [acc, 'setExperimentTag', set('mlflow.source.name', 'javascript:x'), ['invalid-parameter', /would run a script/]],
    [acc, 'createExperiment', { name: 'x', tags: [{ key: 'a', value: 'b' }] }, null],
    [acc, 'createExperiment', { name: 'x', tags: [{ key: 'mlflow.issueDetection.scheduleState', value: '{}' }] }, ['closed-endpoint', /scheduleState/]],
  ])
})
