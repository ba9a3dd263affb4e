// Whether time, status or length reveal that something exists in another environment. See README.md beside this file.
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { parseArgs } from 'node:util'
import { startIssuer } from '../test/fakes/issuer.ts'
import { quantile } from '../test/harness/load/quantile.ts'
import { startMlflow } from '../test/harness/mlflow-server.ts'
import { startProxyProcess } from '../test/harness/proxy-process.ts'
import { cases, nothing, type Things, type Try } from './oracle-cases.ts'
import { rankTest } from './rank-test.ts'

const text = (value: string) => ({ type: 'string', default: value }) as const
const { values } = parseArgs({ options: { tries: text('1000'), workers: text('4'), only: text('') } })
const [tries, workers] = [Number(values.tries), Number(values.workers)]
const issuer = await startIssuer()
const mlflow = await startMlflow({ version: '3.18.0' })
const proxy = await startProxyProcess({ upstream: mlflow.url, issuer })
const agents = Array.from({ length: workers }, () => new Agent({ keepAlive: true, maxSockets: 1 }))

interface Answer {
  readonly status: number
  readonly text: string
  readonly milliseconds: number
}

async function send(token: string, { method, path, body }: Try, agent = agents[0]): Promise<Answer> {
  const content = body === undefined ? null : JSON.stringify(body)
  const length = content === null ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) }
  const start = performance.now()
  const asked = request(proxy.url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...length },
    ...(agent ? { agent } : {}),
  })
  asked.end(content ?? undefined)
  const [answer] = await once(asked, 'response')
  let text = ''
  for await (const chunk of answer.setEncoding('utf8')) text += chunk
  return { status: answer.statusCode, text, milliseconds: performance.now() - start }
}

async function make(token: string, path: string, body: object, method = 'POST') {
  const { status, text } = await send(token, { method, path, body })
  if (status !== 200) throw new Error(`${path}: ${status} ${text}`)
  return JSON.parse(text || '{}')
}

/** An environment's experiment with a run of a given size, and everything else that has an id. */
async function furnish(token: string, word: string): Promise<Things> {
  const [v2, v3, trace] = ['/api/2.0/mlflow', '/api/3.0/mlflow', `tr-${Buffer.from(word.padEnd(16, '.')).toString('hex')}`]
  const { experiment_id: experiment } = await make(token, `${v2}/experiments/create`, { name: `oracles-${word}` })
  const run = (await make(token, `${v2}/runs/create`, { experiment_id: experiment })).run.info.run_id
  const metrics = Array.from({ length: 300 }, (_, step) => ({ key: `m${step}`, value: step, timestamp: 1, step }))
  await make(token, `${v2}/runs/log-batch`, { run_id: run, metrics })
  await make(token, `/api/2.0/mlflow-artifacts/artifacts/${experiment}/${run}/artifacts/a.txt`, {}, 'PUT')
  const model = (await make(token, `${v2}/logged-models`, { experiment_id: experiment, name: word })).model.info.model_id
  const place = { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: experiment } }
  const info = { trace_id: trace, trace_location: place, request_time: '2026-01-01T00:00:00Z', state: 'OK' }
  await make(token, `${v3}/traces`, { trace: { trace_info: info } })
  const named = { name: `${word}-1`, description: 'x' }
  const made = [1, 2, 3].map((n) => make(token, `${v3}/datasets/create`, { name: `${word}-${n}`, experiment_ids: [experiment] }))
  const [{ dataset }] = await Promise.all(made)
  const { issue } = await make(token, `${v3}/issues`, { ...named, experiment_id: experiment })
  return { experiment, run, model, trace, dataset: dataset.dataset_id, issue: issue.issue_id, word }
}

const tokens = { acc: await issuer.token(), preprod: await issuer.token({ roles: ['apps_preprod'] }) }
const own = await furnish(tokens.acc, 'mongoose')
const foreign = await furnish(tokens.preprod, 'aardvark')
await make(tokens.acc, '/api/2.0/mlflow/registered-models/create', { name: 'fraud' })

/** A text with foreign and nonexistent ids replaced by the same word. */
function withoutIds(text: string): string {
  const ids = [foreign, nothing].flatMap(Object.values).sort((a, b) => b.length - a.length)
  return text.replace(new RegExp(`\\b(${ids.join('|')})\\b`, 'g'), 'ID')
}

/** The times of both, measured alternately, and how their answers differ apart from the ids. */
async function tryBoth(write: (things: Things, own: Things) => Try) {
  const times: Record<'foreign' | 'absent', number[]> = { foreign: [], absent: [] }
  const seen = new Set<string>()
  const token = await issuer.token() // a new one for each kind: together they take longer than a token is valid
  let left = tries + 20
  const work = async (agent: Agent) => {
    while (left > 0) {
      left -= 1
      const warm = left < tries
      for (const kind of Math.random() < 0.5 ? (['foreign', 'absent'] as const) : (['absent', 'foreign'] as const)) {
        const things = kind === 'foreign' ? foreign : nothing
        const { status, text, milliseconds } = await send(token, write(things, own), agent)
        seen.add(`${status} ${withoutIds(text)}`)
        if (warm) times[kind].push(milliseconds)
      }
    }
  }
  await Promise.all(agents.map(work))
  return { ...times, answers: [...seen] }
}

const quartiles = (all: readonly number[]) => [0.5, 0.25, 0.75].map((share) => quantile(all, share).toFixed(1))
console.log(
  '| request | answer | foreign ms (quartiles) | absent ms (quartiles) | P(foreign > absent) | p |\n|---|---|---|---|---|---|',
)
for (const [name, write] of Object.entries(cases).filter(([each]) => new RegExp(values.only).test(each))) {
  const { foreign: first, absent: second, answers } = await tryBoth(write)
  const { larger, p } = rankTest(first, second)
  const [[middle, low, high], [median, least, most]] = [quartiles(first), quartiles(second)]
  const said = answers.length === 1 ? answers[0]?.slice(0, 3) : `DIFFERS: ${answers.map((each) => each.slice(0, 60)).join(' / ')}`
  console.log(
    `| ${name} | ${said} | ${middle} (${low}, ${high}) | ${median} (${least}, ${most}) | ${larger.toFixed(3)} | ${p.toFixed(3)} |`,
  )
}
for (const agent of agents) agent.destroy()
await Promise.all([proxy.close(), mlflow.close(), issuer.close()])
