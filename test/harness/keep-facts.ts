// Remembers facts of many long answers and requests, in a process whose memory is limited from outside.

import { parseJson } from '../../src/policy/messages/json/json-text.ts'
import { EnvironmentCache } from '../../src/server/facts/environment-cache.ts'
import { FactCaches } from '../../src/server/facts/fact-cache.ts'
import { readExperiment } from '../../src/server/facts/look-up-answers.ts'
import { parseAnswer } from '../../src/server/upstream/parse-answer.ts'

const filling = 'x'.repeat(1024 * 1024)
const memory = new FactCaches()
for (let at = 0; at < 150; at += 1) {
  const id = String(at).padStart(32, '0')
  const info = `{"run_id":"${id}","experiment_id":"1234567890123456","artifact_uri":"mlflow-artifacts:/1234567890123456/${id}/artifacts"}`
  const run = `{"run":{"info":${info},"data":"${filling}"}}`
  const read = parseAnswer({ status: 200, contentType: 'application/json', text: Buffer.from(run).toString() })
  memory.learn(read, new EnvironmentCache('acc'))
  const request = parseJson(Buffer.from(`{"experiment_id":"${id}","filling":"${filling}"}`).toString())
  const asked = request instanceof Map ? String(request.get('experiment_id')) : ''
  const answer = new Map([
    [
      'experiment',
      new Map([
        ['experiment_id', asked],
        ['name', `/experiments/acc/${id}`],
      ]),
    ],
  ])
  memory.experiments.set(asked, readExperiment(answer))
}
if (memory.runs.size !== 150) throw new Error('the runs were not learned')
console.log('kept')
