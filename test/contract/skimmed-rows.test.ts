import t from 'tap'
import { newestMlflow } from '../../scripts/setup/python-environments.mjs'
import { endpointTable } from '../../src/policy/endpoints/endpoint-table.ts'
import { parseJson, printJson } from '../../src/policy/messages/json/json-text.ts'
import { SkimmedObject } from '../../src/policy/messages/json/skimmed-object.ts'
import { copiedInAnswer } from '../../src/rewrite/answer/copied-answer.ts'
import { startMlflow } from '../harness/mlflow-server.ts'

const searchRuns = endpointTable('mlflow').open.get('searchRuns')
if (searchRuns === undefined) throw new Error('the table has no searchRuns')
const copied = copiedInAnswer(searchRuns)

for (const version of [newestMlflow, '2.22.4'])
  t.test(`runs as MLflow ${version} writes them are skimmed`, async (t) => {
    const mlflow = await startMlflow({ version })
    t.teardown(() => mlflow.close())
    const post = async (path: string, body: object): Promise<string> => {
      const answer = await fetch(`${mlflow.url}/api/2.0/mlflow/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      t.equal(answer.status, 200, path)
      return answer.text()
    }
    const many = <T>(count: number, make: (at: number) => T) => Array.from({ length: count }, (_, at) => make(at))
    const run = JSON.parse(await post('runs/create', { experiment_id: '0', run_name: 'é "x"', start_time: 1, tags: [] }))
    const { run_id } = run.run.info
    await post('runs/log-batch', {
      run_id,
      metrics: many(20, (at) => ({ key: `loss ${at}`, value: at / 7, timestamp: at, step: at })),
      params: many(20, (at) => ({ key: `p${at}`, value: `a "${at}"\n` })),
      tags: many(5, (key) => ({ key: `t${key}`, value: 'x' })),
    })
    const dataset = { name: 'd', digest: 'x', source_type: 'local', source: '{"uri":"/data"}', schema: '{"a":1}', profile: '{}' }
    await post('runs/log-inputs', { run_id, datasets: [{ tags: [{ key: 'mlflow.data.context', value: 'train' }], dataset }] })
    await post('runs/update', { run_id, status: 'FINISHED', end_time: 2 })
    await post('runs/create', { experiment_id: '0' })
    const text = await post('runs/search', { experiment_ids: ['0'] })
    const read = (limits = {}) => {
      const answer = parseJson(text, limits)
      const rows = answer instanceof Map ? answer.get('runs') : []
      return Array.isArray(rows) ? rows : []
    }
    const rows = read({ copied })
    t.same(
      rows.map((row) => row instanceof SkimmedObject),
      [true, true],
      text,
    )
    t.equal(printJson(rows), printJson(read()), 'and looked into, they are what they are')
  })
