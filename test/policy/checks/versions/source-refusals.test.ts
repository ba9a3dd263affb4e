import t from 'tap'
import { foreignSource, localSource, remoteFile } from '../../../../src/policy/checks/versions/source-refusals.ts'

t.test('sources are refused in MLflow’s words, with a status that clients do not retry', async (t) => {
  t.match(foreignSource(), { reason: 'foreign-source', message: /must be in your own environment/ })
  t.match(localSource('/etc/x'), {
    reason: 'local-source',
    message: /^Invalid model version source: '\/etc\/x'\. To use a local path/,
  })
  t.match(remoteFile('file://host/x'), { reason: 'local-source', message: /^file:\/\/host\/x is not a valid remote uri/ })
})
