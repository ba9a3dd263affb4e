import t from 'tap'
import { newestMlflow } from '../../scripts/setup/python-environments.mjs'
import { isMapping } from '../../src/server/config/mapping.ts'
import { startIssuer } from '../fakes/issuer.ts'
import { startMlflow } from '../harness/mlflow-server.ts'
import { startProxy, threeEnvironments } from '../harness/proxy.ts'
import { makeTokens } from '../scenarios/client-scenarios.ts'

type Fields = Readonly<Record<string, unknown>>

/** A request by the names of acc's callers, and the same by MLflow's, where it is not the same. */
interface Failing {
  readonly ask: string
  readonly fields: Fields
  readonly straight?: Fields
}

const issuer = await startIssuer()
const tokens = await makeTokens(issuer.token)
t.teardown(() => issuer.close())
t.setTimeout(5 * 60_000)

async function send(url: string, ask: string, fields: Fields, token: string | undefined): Promise<Fields> {
  const [method = '', path = ''] = ask.split(' ')
  const query = new URLSearchParams(Object.entries(fields).map(([key, value]) => [key, String(value)]))
  const answer = await fetch(`${url}/api/2.0/mlflow/${path}${method === 'GET' ? `?${query}` : ''}`, {
    method,
    headers: { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    ...(method === 'GET' ? {} : { body: JSON.stringify(fields) }),
  })
  const body: unknown = await answer.json()
  return { status: answer.status, ...(isMapping(body) ? body : {}) }
}

function idIn(answer: Fields, ...path: string[]): string {
  const found = path.reduce<unknown>((value, step) => (isMapping(value) ? value[step] : undefined), answer)
  return String(found)
}

const long = 'k_prod'.repeat(50)

/** What fails in MLflow itself, each with a word that ends like an environment's names. */
function failing(run: string, experiment: string): readonly Failing[] {
  const model = { name: 'fraud' }
  const stored = { name: 'fraud_acc' }
  return [
    { ask: 'POST runs/log-parameter', fields: { run_id: run, key: 'val_acc', value: 'other_prod' } },
    { ask: 'POST runs/log-parameter', fields: { run_id: run, key: 'val_acc', value: 'b' } },
    {
      ask: 'POST runs/log-batch',
      fields: {
        run_id: run,
        params: [
          { key: 'val_acc', value: '2' },
          { key: 'std_prod', value: '2' },
        ],
      },
    },
    {
      ask: 'POST runs/log-batch',
      fields: {
        run_id: run,
        params: [
          { key: 'x_acc', value: '1' },
          { key: 'x_acc', value: '2' },
        ],
      },
    },
    { ask: 'POST runs/log-parameter', fields: { run_id: run, key: 'a_prod?', value: 'b' } },
    { ask: 'POST runs/log-metric', fields: { run_id: run, key: 'top_acc!', value: 1, timestamp: 1 } },
    { ask: 'POST runs/set-tag', fields: { run_id: run, key: 'see/../x_prod', value: 'b' } },
    { ask: 'POST runs/delete-tag', fields: { run_id: run, key: 'gone_prod' } },
    { ask: 'POST runs/search', fields: { experiment_ids: [experiment], filter: "metric.val_acc > 'x_prod'" } },
    { ask: 'POST runs/search', fields: { experiment_ids: [experiment], max_results: 60_000 } },
    { ask: 'POST experiments/create', fields: { name: 'churn' }, straight: { name: '/experiments/acc/churn' } },
    { ask: 'POST registered-models/create', fields: model, straight: stored },
    {
      ask: 'POST registered-models/set-tag',
      fields: { ...model, key: long, value: 'x' },
      straight: { ...stored, key: long, value: 'x' },
    },
    { ask: 'GET registered-models/alias', fields: { ...model, alias: 'best_prod' }, straight: { ...stored, alias: 'best_prod' } },
    { ask: 'GET model-versions/get', fields: { ...model, version: '9' }, straight: { ...stored, version: '9' } },
    { ask: 'GET registered-models/search', fields: { filter: "best_acc = 'x'" } },
    { ask: 'GET registered-models/get', fields: { name: 'none' }, straight: { name: 'none_acc' } },
  ]
}

for (const version of ['2.22.4', newestMlflow])
  t.test(`what MLflow ${version} says of an error is told in its words`, async (t) => {
    const upstream = await startMlflow({ version })
    t.teardown(() => upstream.close())
    const proxy = await startProxy({ upstream: upstream.url, issuer, environments: threeEnvironments })
    t.teardown(() => proxy.close())
    const through = (ask: string, fields: Fields) => send(proxy.url, ask, fields, tokens.acc)
    const experiment = idIn(await through('POST experiments/create', { name: 'churn' }), 'experiment_id')
    const run = idIn(await through('POST runs/create', { experiment_id: experiment }), 'run', 'info', 'run_id')
    await through('POST registered-models/create', { name: 'fraud' })
    await through('POST runs/log-parameter', { run_id: run, key: 'val_acc', value: 'old_prod' })
    await through('POST runs/log-parameter', { run_id: run, key: 'std_prod', value: 'old_acc' })
    const found: string[] = []
    for (const { ask, fields, straight = fields } of failing(run, experiment)) {
      const [shown, said] = [await through(ask, fields), await send(upstream.url, ask, straight, undefined)]
      const expected = String(said.message)
        .replace(/ Error: \((?:sqlite3|raised).*$/s, '')
        .replace(/(fraud|none)_acc/g, '$1')
        .replaceAll('/experiments/acc/', '')
      if (said.status === 200) found.push(`${ask} ${JSON.stringify(fields)} does not fail`)
      else if (shown.message !== expected || shown.error_code !== said.error_code)
        found.push(`${ask} ${JSON.stringify(fields).slice(0, 80)}: ${shown.message} | ${expected}`)
    }
    t.same(found, [])
  })
