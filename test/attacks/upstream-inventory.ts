import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AttackSetup, askUpstream } from './attack-setup.ts'

type Row = Record<string, unknown>

const api = '/api/2.0/mlflow'

function rowsOf(answer: Record<string, unknown>, key: string): Row[] {
  const rows = answer[key]
  return Array.isArray(rows) ? rows : []
}

function nameOf(row: Row): string {
  return typeof row.name === 'string' ? row.name : ''
}

function filesBelow(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return files.map(({ parentPath, name }) => join(parentPath, name)).sort()
}

/** Everything upstream that is not acc's, as lines: whatever acc's callers do, they must stay as they are. */
export async function listForeignThings({ upstream, seeds }: AttackSetup): Promise<string[]> {
  const get = (path: string) => askUpstream(upstream.url, 'GET', `${api}${path}`)
  const experiments = rowsOf(await get('/experiments/search?max_results=1000&view_type=ALL'), 'experiments')
  const foreign = experiments.filter((row) => !nameOf(row).startsWith('/experiments/acc/'))
  const ids = foreign.map((row) => String(row.experiment_id))
  const search = { experiment_ids: ids, run_view_type: 'ALL', max_results: 1000 }
  const runs = rowsOf(await askUpstream(upstream.url, 'POST', `${api}/runs/search`, search), 'runs')
  const models = rowsOf(await get('/registered-models/search?max_results=1000'), 'registered_models')
  const versions = rowsOf(await get('/model-versions/search?max_results=1000'), 'model_versions')
  const named = [...models, ...versions].filter((row) => !nameOf(row).endsWith('_acc') || nameOf(row) === 'fraud_prod_acc')
  const logged = seeds.prod.loggedModel === null ? [] : [await get(`/logged-models/${seeds.prod.loggedModel}`)]
  const traced =
    seeds.prod.trace === null ? [] : [await askUpstream(upstream.url, 'GET', `/api/3.0/mlflow/traces/${seeds.prod.trace}`)]
  const files = filesBelow(upstream.artifactFolder).filter(
    (file) => !file.startsWith(join(upstream.artifactFolder, seeds.acc.experiment)),
  )
  const prints = files.map((file) => `${file} ${createHash('sha256').update(readFileSync(file)).digest('hex')}`)
  return [...[...foreign, ...runs, ...named, ...logged, ...traced].map((row) => JSON.stringify(row)), ...prints].sort()
}
