import { newestMlflow } from '../../../scripts/setup/python-environments.mjs'
import { type MlflowServer, startMlflow } from '../../../test/harness/mlflow-server.ts'
import { type Bench, direct, type Row, withContenders } from '../bench.ts'
import { burst } from '../burst.ts'
import type { Contender, Setup } from '../contender.ts'
import { basicAuth, oidcAuth } from '../contenders/mlflow-apps.ts'
import { atLeast, type Figure, interleave, numbers } from '../figure.ts'
import { makeRequests } from '../requests.ts'

/** Makes an experiment of acc with runs; gives its id. */
async function fill(url: string, authorization: string): Promise<string> {
  const headers = { authorization, 'content-type': 'application/json' }
  const post = async (path: string, body: object) => {
    const answer = await fetch(`${url}/api/2.0/mlflow/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return answer.json()
  }
  const { experiment_id } = await post('experiments/create', { name: 'bench' })
  for (let run = 0; run < 30; run++) {
    const { info } = (await post('runs/create', { experiment_id, start_time: Date.now() })).run
    const metrics = Array.from({ length: 6 }, (_, at) => ({ key: `metric_${at}`, value: at / 7, timestamp: 1, step: 1 }))
    await post('runs/log-batch', { run_id: info.run_id, metrics, params: [{ key: 'depth', value: '7' }] })
  }
  return experiment_id
}

const cells = [
  { what: 'experiments/get', clients: 1, goal: 7 },
  { what: 'experiments/get', clients: 8, goal: 1.7 },
  { what: 'runs/search', clients: 1, goal: 2.7 },
  { what: 'runs/search', clients: 8, goal: 1 },
] as const

/** A contender, and the experiment that it serves. */
interface Entrant {
  readonly name: string
  readonly contender: Contender
  readonly experiment: string
}

async function measure(entrants: readonly Entrant[], { rounds, seconds, authorization }: Bench): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const { what, clients, goal } of cells) {
    const samples = await interleave(entrants, Math.ceil(rounds / 3), ({ contender, experiment }) => {
      const requests = makeRequests(contender.authorization ?? authorization)
      const request = what === 'runs/search' ? requests.search(experiment, 30) : requests.getExperiment(experiment)
      return burst(contender, request, clients, seconds * 4)
    })
    const perSecond = numbers(samples, (sample) => sample.perSecond)
    const title = `${what}, ${clients} client${clients > 1 ? 's' : ''}, MLflow ${newestMlflow}`
    figures.push({ row: 'mlflow', title, unit: '/s', samples: perSecond, to: 'direct', goal: atLeast(goal) })
  }
  return figures
}

/** Those of MLflow's own apps that can be started here. */
async function startApps(server: MlflowServer, before: Setup, experiment: string, bench: Bench): Promise<Entrant[]> {
  const entrants: Entrant[] = []
  for (const kind of [basicAuth(server), oidcAuth]) {
    try {
      const contender = await kind.start(before)
      const own = kind === oidcAuth ? await fill(contender.url, bench.authorization) : experiment
      entrants.push({ name: kind.name, contender, experiment: own })
    } catch (error) {
      bench.say(`${kind.name} is left out: ${error instanceof Error ? error.message.split('\n', 1)[0] : error}`)
    }
  }
  return entrants
}

/** Before a real MLflow with four workers, beside that MLflow alone. */
export const mlflow: Row = async (bench) => {
  const { setup, kinds, authorization } = bench
  const server = await startMlflow({ version: newestMlflow, workers: 4 })
  const before = { ...setup, upstream: server.url, probe: bench.requests.getExperiment('0') }
  let apps: readonly Entrant[] = []
  try {
    return await withContenders(kinds, before, async (contenders) => {
      const filler = contenders.find(({ name }) => name === 'product')
      if (filler === undefined) throw new Error('the runs are made through the product')
      const experiment = await fill(filler.url, authorization)
      apps = await startApps(server, before, experiment, bench)
      const others = [direct(server.url), ...contenders].map((contender) => ({ name: contender.name, contender, experiment }))
      return measure([...others, ...apps], bench)
    })
  } finally {
    await Promise.all(apps.map(({ contender }) => contender.close()))
    await server.close()
  }
}
