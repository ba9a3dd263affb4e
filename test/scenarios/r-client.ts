import type { Test } from 'tap'
import type { OtherClient } from './other-client.ts'

type Fields = Readonly<Record<string, unknown>>

/** Values as R's `rapply(data, as.character)` leaves them. */
function asText(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asText)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asText(inner)]))
  return String(value)
}

function makeAsk({ url, tokens }: OtherClient) {
  return async (who: string, method: 'GET' | 'POST', path: string, fields: Fields, version = '2.0') => {
    const headers = {
      authorization: `Bearer ${tokens[who]}`,
      'content-type': 'application/json',
      'user-agent': 'mlflow-r-client/2.20.0',
    }
    const query = new URLSearchParams(Object.entries(fields).map(([key, value]) => [key, String(value)]))
    const target = `${url}/api/${version}/mlflow/${path}${method === 'GET' ? `?${query}` : ''}`
    const body = method === 'POST' ? { body: JSON.stringify(asText(fields)) } : {}
    const answer = await fetch(target, { method, headers, ...body })
    return { status: answer.status, body: await answer.json() }
  }
}

type Ask = ReturnType<typeof makeAsk>
const metric = { key: 'auc', value: 0.5, timestamp: 1700000000124, step: 3 }

async function trackRun(t: Test, ask: Ask) {
  const created = await ask('acc', 'POST', 'experiments/create', { name: 'churn-r' })
  t.equal(created.status, 200)
  const { experiment_id } = created.body
  t.match(await ask('acc', 'GET', 'experiments/get-by-name', { experiment_name: 'churn-r' }), {
    status: 200,
    body: { experiment: { name: 'churn-r', experiment_id } },
  })
  const run = await ask('acc', 'POST', 'runs/create', {
    experiment_id,
    user_id: 'r',
    run_name: '',
    start_time: 1700000000123,
    tags: [{ key: 'mlflow.source.type', value: 'LOCAL' }],
  })
  t.match(run, { status: 200, body: { run: { info: { experiment_id, start_time: 1700000000123 } } } })
  const { run_id, artifact_uri } = run.body.run.info
  const both = { run_uuid: run_id, run_id }
  t.equal((await ask('acc', 'POST', 'runs/log-metric', { ...both, ...metric })).status, 200)
  t.equal((await ask('acc', 'POST', 'runs/log-metric', { ...both, ...metric, key: 'hole', value: 'NaN' })).status, 200)
  t.equal((await ask('acc', 'POST', 'runs/log-parameter', { ...both, key: 'depth', value: 7 })).status, 200)
  const batch = { run_id, metrics: [{ ...metric, step: 4 }], params: [{ key: 'rate', value: '0.1' }], tags: [] }
  t.equal((await ask('acc', 'POST', 'runs/log-batch', batch)).status, 200)
  const done = { ...both, status: 'FINISHED', end_time: 1700000001000 }
  t.match(await ask('acc', 'POST', 'runs/update', done), { status: 200, body: { run_info: { status: 'FINISHED' } } })
  const got = await ask('acc', 'GET', 'runs/get', both)
  t.match(got.body.run.data.metrics, [{ key: 'auc', step: 4 }, { key: 'hole' }])
  const history = await ask('acc', 'GET', 'metrics/get-history', { ...both, metric_key: 'auc' })
  t.match(history.body.metrics, [{ value: 0.5, step: 3 }, { step: 4 }])
  return { experiment_id, run_id, artifact_uri }
}

async function registerModel(t: Test, ask: Ask, version: string, run: { run_id: string; artifact_uri: string }) {
  const name = `fraud-r-${version.length}`
  t.match(await ask('acc', 'POST', 'registered-models/create', { name }, version), {
    status: 200,
    body: { registered_model: { name } },
  })
  const made = { name, run_id: run.run_id, source: `${run.artifact_uri}/model` }
  t.match(await ask('acc', 'POST', 'model-versions/create', made, version), {
    status: 200,
    body: { model_version: { name, version: '1', current_stage: 'Staging' } },
  })
  const staging = { name, version: 1, stage: 'Archived' }
  t.match(await ask('acc', 'POST', 'model-versions/transition-stage', staging, version), {
    status: 200,
    body: { model_version: { current_stage: 'Archived' } },
  })
  t.match(await ask('acc', 'POST', 'model-versions/transition-stage', { ...staging, stage: 'Production' }, version), {
    status: 403,
    body: { error_code: 'PERMISSION_DENIED' },
  })
}

/**
 * R's package cannot be installed from the registries that tests may use. These are its requests, as its sources write them
 * (mlflow/R: tracking-rest.R turns every value into a string, tracking-client.R has the paths, old releases ask under /preview).
 */
export async function replayR(t: Test, client: OtherClient): Promise<void> {
  const ask = makeAsk(client)
  const { experiment_id, run_id, artifact_uri } = await trackRun(t, ask)
  const search = { experiment_ids: [experiment_id], filter: '', run_view_type: 'ACTIVE_ONLY', order_by: [], max_results: 1000 }
  t.match(await ask('acc', 'POST', 'runs/search', search), { status: 200, body: { runs: [{ info: { run_id } }] } })
  for (const version of ['2.0', '2.0/preview']) await registerModel(t, ask, version, { run_id, artifact_uri })
  const both = { run_uuid: run_id, run_id }
  t.equal((await ask('preprod', 'GET', 'runs/get', both)).status, 404)
  t.equal((await ask('preprod', 'POST', 'runs/log-metric', { ...both, ...metric })).status, 404)
  t.match((await ask('preprod', 'POST', 'runs/search', search)).body.runs ?? [], [])
}
