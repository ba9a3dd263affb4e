import t from 'tap'
import { isForNotebook, isSourceTag } from '../../../../src/policy/checks/experiments/notebook-tags.ts'
import { toMessage } from '../../../fakes/fake-fact-source.ts'

t.test('a client on Databricks says by tags whose experiment it wants', async (t) => {
  t.equal(isSourceTag('mlflow.experiment.sourceId'), true)
  t.equal(isSourceTag('mlflow.experiment.sourceType'), true)
  t.equal(isSourceTag('mlflow.experiment.sourceName'), false)
  t.equal(isSourceTag(7), false)
  t.equal(isForNotebook(toMessage({ tags: [{ key: 'mlflow.experiment.sourceId', value: '1' }] })), true)
  t.equal(isForNotebook(toMessage({ tags: [{ key: 'mlflow.experiment.sourceType', value: 'NOTEBOOK' }] })), false)
  t.equal(isForNotebook(toMessage({})), false)
})
