import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Hop, startHop } from '../fakes/hop.ts'
import { startIssuer, type TestIssuer } from '../fakes/issuer.ts'
import { type MlflowServer, startMlflow } from '../harness/mlflow-server.ts'
import { type RunningProxy, startProxy } from '../harness/proxy.ts'
import { type Families, seedFamilies } from './genai-seeds.ts'

export const owners = ['acc', 'prod'] as const
export type Owner = (typeof owners)[number]

/** Words that only the seeds of one environment hold; each stands in params, tags, artifacts and descriptions. */
export const secrets: Readonly<Record<Owner, string>> = { acc: 'quokka-of-acc', prod: 'wolverine-of-prod' }

/** What is found upstream of one environment. */
export interface Seed {
  readonly experiment: string
  readonly spareExperiment: string
  readonly defaultExperiment: string
  readonly runs: readonly [string, string]
  /** Null where the server has none. */
  readonly loggedModel: string | null
  readonly trace: string | null
  /** Null where the server has none. */
  readonly families: Families | null
}

/** A real MLflow with two environments' things in it, the proxy before it, and everything between them written down. */
export interface AttackSetup {
  readonly upstream: MlflowServer
  readonly hop: Hop
  readonly issuer: TestIssuer
  readonly proxy: RunningProxy
  readonly seeds: Readonly<Record<Owner, Seed>>
  /** The run behind `relic_acc`, whose version 1 was moved to Production in place. */
  readonly relicRun: string
  /** A valid access token of a principal. */
  readonly tokens: Readonly<Record<'acc' | 'prod' | 'both' | 'none', string>>
  close(): Promise<void>
}

/** Asks MLflow itself, past the proxy. */
export async function askUpstream(url: string, method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const json = { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const response = await fetch(`${url}${path}`, body === undefined ? { method } : json)
  const text = await response.text()
  if (!response.ok) throw new Error(`MLflow answered ${response.status} to ${method} ${path}: ${text.slice(0, 300)}`)
  return text.startsWith('{') ? JSON.parse(text) : {}
}

/** A value inside an answer, by its path. */
export function pick(value: unknown, ...path: (string | number)[]): string {
  let found = value
  for (const step of path) found = typeof found === 'object' && found !== null ? Reflect.get(found, step) : undefined
  if (typeof found !== 'string') throw new Error(`no text at ${path.join('.')}`)
  return found
}

class Seeder {
  readonly #url: string
  readonly #newServer: boolean
  constructor({ url, version }: MlflowServer) {
    this.#url = url
    this.#newServer = version.startsWith('3.')
  }

  post(path: string, body: object, method = 'POST'): Promise<Record<string, unknown>> {
    return askUpstream(this.#url, method, `/api/2.0/mlflow/${path}`, body)
  }

  async experiment(name: string): Promise<string> {
    return pick(await this.post('experiments/create', { name }), 'experiment_id')
  }

  async run(experiment: string, word: string): Promise<string> {
    const tags = [{ key: 'note', value: word }]
    const made = await this.post('runs/create', {
      experiment_id: experiment,
      start_time: 1_700_000_000_000,
      run_name: word,
      tags,
    })
    const id = pick(made, 'run', 'info', 'run_id')
    await this.post('runs/log-parameter', { run_id: id, key: 'word', value: word })
    await this.post('runs/log-metric', { run_id: id, key: 'loss', value: 0.5, timestamp: 1_700_000_000_000, step: 1 })
    await this.file(`${experiment}/${id}/artifacts/model/secret.txt`, word)
    return id
  }

  async file(path: string, text: string): Promise<void> {
    const response = await fetch(`${this.#url}/api/2.0/mlflow-artifacts/artifacts/${path}`, { method: 'PUT', body: text })
    if (!response.ok) throw new Error(`MLflow answered ${response.status} to the upload of ${path}`)
  }

  async model(name: string, experiment: string, runs: readonly string[], word: string): Promise<void> {
    await this.post('registered-models/create', { name, description: word })
    for (const run of runs) {
      const source = `mlflow-artifacts:/${experiment}/${run}/artifacts/model`
      await this.post('model-versions/create', { name, source, run_id: run, description: word })
    }
  }

  stage(name: string, version: string, stage: string): Promise<unknown> {
    return this.post('model-versions/transition-stage', { name, version, stage, archive_existing_versions: false })
  }

  async loggedModel(experiment: string, run: string, word: string): Promise<string | null> {
    if (!this.#newServer) return null
    const made = await this.post('logged-models', {
      experiment_id: experiment,
      name: word,
      source_run_id: run,
      params: [{ key: 'word', value: word }],
    })
    const id = pick(made, 'model', 'info', 'model_id')
    await this.file(`${experiment}/models/${id}/artifacts/MLmodel`, word)
    await this.post(`logged-models/${id}`, { model_id: id, status: 'LOGGED_MODEL_READY' }, 'PATCH')
    return id
  }

  async families(experiment: string, word: string): Promise<Families | null> {
    return this.#newServer ? seedFamilies(this.#url, experiment, word) : null
  }

  async trace(experiment: string, word: string): Promise<string | null> {
    if (!this.#newServer) return null
    const id = `tr-${randomBytes(16).toString('hex')}`
    const place = { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: experiment } }
    const info = {
      trace_id: id,
      trace_location: place,
      request_time: '2026-01-01T00:00:00Z',
      state: 'OK',
      request_preview: word,
      tags: { note: word },
    }
    await askUpstream(this.#url, 'POST', '/api/3.0/mlflow/traces', { trace: { trace_info: info } })
    return id
  }
}

async function seedOwner(seeder: Seeder, owner: Owner): Promise<Seed> {
  const word = secrets[owner]
  const experiment = await seeder.experiment(`/experiments/${owner}/churn`)
  const spareExperiment = await seeder.experiment(`/experiments/${owner}/spare`)
  const defaultExperiment = await seeder.experiment(`/experiments/${owner}/Default`)
  const runs = [await seeder.run(experiment, word), await seeder.run(experiment, word)] as const
  const name = `fraud_${owner}`
  await seeder.model(name, experiment, owner === 'acc' ? [runs[0]] : runs, word)
  await seeder.stage(name, '1', owner === 'acc' ? 'Staging' : 'Production')
  await seeder.post('registered-models/alias', { name, alias: owner === 'acc' ? 'best' : 'champ', version: '1' })
  await seeder.model(`spare_${owner}`, experiment, [], word)
  const loggedModel = await seeder.loggedModel(experiment, runs[0], word)
  const trace = await seeder.trace(experiment, word)
  return {
    experiment,
    spareExperiment,
    defaultExperiment,
    runs,
    loggedModel,
    trace,
    families: await seeder.families(experiment, word),
  }
}

/** Names that nearly lie in an environment, and belong to nobody. */
export const nobodys = {
  models: ['legacy', 'fraudXprod', 'fraudXacc', '_acc', '_prod', 'fraud_acc_old', 'fraud_accx', 'fraud_prod_acc'],
  experiments: [
    'legacy',
    '/experiments/acc',
    '/experiments/prod',
    '/experiments/accx/churn',
    '/experiments/ac',
    '/Experiments/acc/churn',
  ],
} as const

async function seedNobody(seeder: Seeder): Promise<void> {
  for (const name of nobodys.models) await seeder.post('registered-models/create', { name, description: 'nobody' })
  for (const name of nobodys.experiments) await seeder.experiment(name)
}

const objectIds = { acc: 'a', prod: 'b', both: 'c', none: 'd' } as const
const rolesOf = { acc: ['apps_acc'], prod: ['apps_prod'], both: ['apps_acc', 'apps_prod'], none: ['apps_other'] } as const

async function makeTokens(issuer: TestIssuer): Promise<AttackSetup['tokens']> {
  const token = (who: keyof typeof objectIds) => {
    const oid = `00000000-0000-4000-8000-${objectIds[who].repeat(12)}`
    return issuer.token({ oid, sub: oid, roles: rolesOf[who] })
  }
  return { acc: await token('acc'), prod: await token('prod'), both: await token('both'), none: await token('none') }
}

/** Starts the setup in which attacks are tried: MLflow of a version, its seeds, the hop, an issuer and the proxy. */
export async function startAttackSetup(version: string): Promise<AttackSetup> {
  const upstream = await startMlflow({ version })
  const seeder = new Seeder(upstream)
  await seedNobody(seeder)
  const acc = await seedOwner(seeder, 'acc')
  const seeds = { acc, prod: await seedOwner(seeder, 'prod') }
  const relicRun = await seeder.run(seeds.acc.experiment, secrets.acc)
  await seeder.model('relic_acc', seeds.acc.experiment, [relicRun], secrets.acc)
  await seeder.stage('relic_acc', '1', 'Production')
  const hop = await startHop(upstream.url)
  const issuer = await startIssuer()
  const environments = { acc: {}, prod: { production: true, promotesFrom: ['acc'] } }
  const proxy = await startProxy({ upstream: hop.url, issuer, environments })
  const tokens = await makeTokens(issuer)
  const close = async () => {
    await Promise.all([proxy.close(), issuer.close(), hop.close(), upstream.close()])
    await sleep(0)
  }
  return { upstream, hop, issuer, proxy, seeds, relicRun, tokens, close }
}
