import t from 'tap'
import { checkLinkTag } from '../../../../src/policy/checks/request/links.ts'
import { acc, inAcc } from '../../../fixtures/tenancy.ts'
import { assertCases } from '../../../harness/check-cases.ts'

const script = 'javascript:alert(1)'

t.test('a tag that is shown as a link runs no script', async (t) => {
  for (const key of ['mlflow.source.name', 'mlflow.source.git.repoURL', 'MLFLOW.source.name', 'mlflow.databricks.notebookURL'])
    t.throws(() => checkLinkTag(key, script), { reason: 'invalid-parameter', message: /would run a script/ }, key)
  t.doesNotThrow(() => checkLinkTag('mlflow.source.name', '/home/me/train.py'))
  t.doesNotThrow(() => checkLinkTag('mlflow.source.git.repoURL', 'git@example.com:me/it.git'))
  t.doesNotThrow(() => checkLinkTag('note', script), 'no other tag is shown so')
})

t.test('fields and data sources that are links', async (t) => {
  const version = (run_link: string) => ({ name: 'fraud', source: 'models:/fraud/2', run_link })
  const data = (source: string) => ({ run_id: inAcc.run(1), datasets: [{ dataset: { name: 'd', digest: '1', source } }] })
  // biome-ignore format: a table
  assertCases(t, [
    [acc, 'createModelVersion', version('https://example.com/run'), null],
    [acc, 'createModelVersion', version(script), ['invalid-parameter', /'run_link' is shown as a link/]],
    [acc, 'createModelVersion', version('//example.com'), ['invalid-parameter', /'run_link' is shown as a link/]],
    [acc, 'logInputs', data('{"url":"https://example.com"}'), null],
    [acc, 'logInputs', data(`{"url":"${script}"}`), ['invalid-parameter', /would run a script/]],
  ])
})
