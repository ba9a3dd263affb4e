import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import t from 'tap'
import { stringify } from 'yaml'
import { newestMlflow, pythonOf } from '../../scripts/setup/python-environments.mjs'
import { runCommand } from '../../src/commands/run-command.ts'
import { startIssuer } from '../fakes/issuer.ts'
import { repository } from '../fixtures/config-file.ts'
import { listen } from '../harness/listen.ts'
import { startMlflow } from '../harness/mlflow-server.ts'
import { startProxy } from '../harness/proxy.ts'

t.setTimeout(4 * 60_000)
const [issuer, mlflow] = await Promise.all([startIssuer(), startMlflow({ version: newestMlflow })])

const page = readFileSync(join(repository, 'docs/adoption.md'), 'utf8')
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text = '']) => text)
const commands = blocks('sh').map((text) => text.trim().split(' ').slice(1))
const folder = t.testdir({ 'adoption.yaml': blocks('yaml')[0] ?? '' })

/** The configuration that `adopt` reads. */
function configure(upstream: string) {
  const authentication = { entra: { tenantId: issuer.tenantId, audiences: [issuer.audience] } }
  const config = { upstream: { url: upstream }, authentication, environments: { acc: {}, prod: { production: true } } }
  writeFileSync(join(folder, 'proxy.yaml'), stringify(config))
}

const inFolder = (args: readonly string[]) => args.map((each) => (/^(proxy|adoption)\./.test(each) ? join(folder, each) : each))

async function adopt(args: readonly string[]) {
  const [out, err]: [string[], string[]] = [[], []]
  const terminal = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) }
  const code = await runCommand(inFolder(args), {}, terminal)
  return { code, out: out.join(''), err: err.join('') }
}

async function ask(method: string, path: string, body?: object) {
  const init = { method, headers: { 'content-type': 'application/json' }, ...(body && { body: JSON.stringify(body) }) }
  return (await fetch(`${mlflow.url}/api/2.0/mlflow/${path}`, init)).json()
}

/** Every model, prompt and experiment of MLflow's, with its versions and aliases. */
async function everything() {
  const prompts = encodeURIComponent("tags.`mlflow.prompt.is_prompt` = 'true'")
  const [models, asked, { experiments }] = await Promise.all([
    ask('GET', 'registered-models/search'),
    ask('GET', `registered-models/search?filter=${prompts}`),
    ask('GET', 'experiments/search?max_results=100&view_type=ALL'),
  ])
  // Whoever looks through the proxy makes the environment's default experiment, and MLflow notes where a prompt was loaded.
  const isNew = ({ name = '', key = '' }) => name.endsWith('/Default') || key === '_mlflow_experiment_ids'
  const kept = (value: unknown) => (Array.isArray(value) ? value.filter((each) => !isNew(each)) : value)
  const found = { models, asked, experiments }
  return JSON.stringify(found, (key, value) => (/^last_update/.test(key) ? undefined : kept(value)), 1)
}

/** What an MLflow without the proxy has come to hold. */
async function live() {
  const runs: { info: { run_id: string; artifact_uri: string } }[] = []
  for (const name of ['churn', 'team-a/risk', 'gone']) {
    const { experiment_id } = await ask('POST', 'experiments/create', { name })
    if (name === 'gone') await ask('POST', 'experiments/delete', { experiment_id })
    if (name === 'churn') runs.push((await ask('POST', 'runs/create', { experiment_id })).run)
  }
  runs.push((await ask('POST', 'runs/create', { experiment_id: '0' })).run)
  for (const name of ['fraud', 'scratch']) await ask('POST', 'registered-models/create', { name })
  for (const { info } of runs) {
    const path = info.artifact_uri.replace('mlflow-artifacts:', '')
    const url = `${mlflow.url}/api/2.0/mlflow-artifacts/artifacts${path}/model/weights`
    await fetch(url, { method: 'PUT', body: 'weights' })
    await ask('POST', 'model-versions/create', { name: 'fraud', source: `${info.artifact_uri}/model`, run_id: info.run_id })
  }
  await ask('POST', 'registered-models/alias', { name: 'fraud', alias: 'champion', version: '1' })
  const isPrompt = { key: 'mlflow.prompt.is_prompt', value: 'true' }
  await ask('POST', 'registered-models/create', { name: 'greeting', tags: [isPrompt] })
  const tags = [isPrompt, { key: 'mlflow.prompt.text', value: 'Good day' }]
  await ask('POST', 'model-versions/create', { name: 'greeting', source: 'prompt-template', tags })
}

await live()
const proxy = await startProxy({ upstream: mlflow.url, issuer, environments: { acc: {}, prod: { production: true } } })
t.teardown(() => Promise.all([proxy.close(), issuer.close(), mlflow.close()]))

const script = `
import mlflow
client = mlflow.MlflowClient()
version = client.get_model_version_by_alias("fraud", "champion")
path = mlflow.artifacts.download_artifacts("models:/fraud@champion")
print("files", sorted(__import__("os").listdir(path)))
print("versions", version.version, sorted(v.version for v in client.search_model_versions("name = 'fraud'")))
print("experiment", mlflow.set_experiment("churn").experiment_id, len(mlflow.search_runs(search_all_experiments=True)))
print("prompt", mlflow.genai.load_prompt("prompts:/greeting/1").template)
print("seen", [e.name for e in client.search_experiments()], [m.name for m in client.search_registered_models()])
`

/** What an unmodified client sees in acc. */
async function lookAround() {
  const token = await issuer.token({ roles: ['apps_acc'] })
  const variables = { MLFLOW_TRACKING_URI: proxy.url, MLFLOW_TRACKING_TOKEN: token, MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0' }
  const env = { PATH: process.env.PATH, HOME: folder, TMPDIR: folder, DO_NOT_TRACK: 'true', ...variables }
  return promisify(execFile)(pythonOf(newestMlflow), ['-W', 'ignore', '-c', script], { cwd: folder, env }).then(
    ({ stdout }) => stdout,
    (error: { stderr: string }) => error.stderr,
  )
}

/** What a caller of acc gets who asks for a model under its old name. */
async function statusInAcc() {
  const headers = { authorization: `Bearer ${await issuer.token({ roles: ['apps_acc'] })}` }
  return (await fetch(`${proxy.url}/api/2.0/mlflow/registered-models/get?name=fraud`, { headers })).status
}

/** A way to MLflow on which `adopt` is killed when its second rename has arrived, and before it is answered. */
async function startDeadlyHop(kill: () => void) {
  let renames = 0
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const isRename = /\/(rename|update)$/.test(request.url ?? '')
    const { method = '' } = request
    const body = method === 'GET' ? {} : { body: Buffer.concat(chunks) }
    const answer = await fetch(`${mlflow.url}${request.url}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...body,
    })
    const text = await answer.text()
    if (isRename && ++renames === 2) return kill()
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text)
  })
  const port = await listen(server)
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${port}`
}

t.test('a proxy says after start how much is in no environment, and no names', async (t) => {
  const end = performance.now() + 60_000
  while (!proxy.logs().includes('belong to no environment') && performance.now() < end) await sleep(100)
  t.match(proxy.logs(), 'at least 3 models and 2 experiments in MLflow belong to no environment')
  t.notMatch(proxy.logs(), /fraud|greeting|churn/)
  const metrics = await (await fetch(`${proxy.adminUrl}/metrics`)).text()
  t.match(metrics, /^mlflow_env_proxy_unowned\{kind="model"\} 3$/m)
})

t.test('what an MLflow held before the proxy becomes an environment’s, as the guide says, and is given back', async (t) => {
  const [look = [], apply = [], undo = []] = commands
  t.equal(await statusInAcc(), 404, 'nobody sees it')
  const before = await everything()
  configure(mlflow.url)

  const seen = await adopt(look)
  t.equal(seen.code, 0, seen.err)
  const plan = /--expect ([0-9a-f]{12})/.exec(seen.out)?.[1] ?? ''
  t.equal(seen.out.replace(plan, 'PLAN'), blocks('text')[0], 'the plan is the guide’s')
  t.equal(await everything(), before, 'and changes nothing')

  let killed = () => {}
  configure(await startDeadlyHop(() => killed()))
  const cli = join(repository, 'dist/cli.js')
  const program = spawn(process.execPath, [cli, ...inFolder(apply.map((each) => (each === 'PLAN' ? plan : each)))])
  killed = () => program.kill('SIGKILL')
  const [, signal] = await once(program, 'close')
  t.equal(signal, 'SIGKILL')
  const journal = () => readFileSync(join(folder, 'adoption.jsonl'), 'utf8').trim().split('\n')
  t.match(journal().at(-1), /"step":"begin"/, 'it was killed while MLflow renamed')
  const resumed = await adopt(apply.slice(0, -2))
  t.match(resumed, { code: 0, out: /ok {7}model fraud -> fraud_acc\n[\s\S]*\n2 renamed, 0 not/ }, resumed.err)

  t.equal(
    await lookAround(),
    [
      "files ['weights']",
      "versions 1 ['1', '2']",
      'experiment 1 1',
      'prompt Good day',
      "seen ['Default', 'churn'] ['fraud']",
      '',
    ].join('\n'),
    'an unmodified client in acc has it under its old names',
  )
  t.match(await adopt(look), { code: 0, out: /\n0 renames, / })

  const undone = await adopt(undo)
  t.match(undone, { code: 0, out: /\n4 taken back, 0 not/ }, undone.err)
  t.equal(await everything(), before, 'everything is as it was')
  t.equal(await statusInAcc(), 404)
})
