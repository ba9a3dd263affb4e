import type { Test } from 'tap'
import { isMapping } from '../../src/server/config/mapping.ts'
import type { OtherClient } from './other-client.ts'

type Fields = Readonly<Record<string, unknown>>

/** Requests as MLFlowClient.jl writes them: enums as numbers, absent values as null, the parameters of a DELETE twice. */
export async function replayJulia(t: Test, { url, tokens }: OtherClient): Promise<void> {
  const ask = async (method: string, path: string, fields: Fields): Promise<Fields> => {
    const given = Object.entries(fields).filter(([, value]) => value !== null)
    const query = new URLSearchParams(given.map(([key, value]) => [key, String(value)]))
    const inQuery = method === 'GET' || method === 'DELETE' ? `?${query}` : ''
    const answer = await fetch(`${url}/api/2.0/mlflow/${path}${inQuery}`, {
      method,
      headers: { authorization: `Bearer ${tokens.acc}`, 'content-type': 'application/json' },
      ...(method === 'GET' ? {} : { body: JSON.stringify(fields) }),
    })
    const body: unknown = await answer.json()
    t.equal(answer.status, 200, `${method} ${path} ${JSON.stringify(body).slice(0, 200)}`)
    return isMapping(body) ? body : {}
  }
  const { experiment_id } = await ask('POST', 'experiments/create', { name: 'julia', artifact_location: null, tags: [] })
  const run = await ask('POST', 'runs/create', { experiment_id, run_name: null, start_time: 1.7e12, tags: [] })
  const info = isMapping(run.run) && isMapping(run.run.info) ? run.run.info : {}
  const { run_id } = info
  const metrics = [{ key: 'loss', value: 1, timestamp: 1700000000000, step: null }]
  await ask('POST', 'runs/log-batch', { run_id, metrics, params: [{ key: 'a', value: '1' }], tags: [] })
  await ask('POST', 'runs/update', { run_id, status: 3, end_time: 1700000000001, run_name: null })
  const searched = { experiment_ids: [Number(experiment_id)], filter: '', run_view_type: 1, max_results: 1000, order_by: [] }
  const found = await ask('POST', 'runs/search', { ...searched, page_token: '' })
  const [first] = Array.isArray(found.runs) ? found.runs : []
  t.match(first, { info: { run_id, status: 'FINISHED', end_time: 1700000000001 } })
  const experiments = await ask('GET', 'experiments/search', { max_results: 20000, filter: "name = 'julia'", view_type: 1 })
  t.match(experiments, { experiments: [{ experiment_id, name: 'julia' }] })
  await ask('POST', 'registered-models/create', { name: 'julia', tags: [], description: null })
  await ask('DELETE', 'registered-models/delete', { name: 'julia' })
}
