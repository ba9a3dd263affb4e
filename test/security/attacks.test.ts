import { once } from 'node:events'
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { newestMlflow } from '../../scripts/setup/python-environments.mjs'
import { artifactAttacks } from '../attacks/artifact-attacks.ts'
import { type Attack, tryAttack, wordsOf } from '../attacks/attack.ts'
import { type AttackSetup, startAttackSetup } from '../attacks/attack-setup.ts'
import { type Framing, framings } from '../attacks/framing-attacks.ts'
import { familyAttacks } from '../attacks/genai-attacks.ts'
import { idAttacks } from '../attacks/id-attacks.ts'
import { nameAttacks } from '../attacks/name-attacks.ts'
import { positives, promotionAttacks } from '../attacks/promotion-attacks.ts'
import { registryAttacks } from '../attacks/registry-attacks.ts'
import { searchAttacks } from '../attacks/search-attacks.ts'
import { spanAttempts, trySpans } from '../attacks/span-attacks.ts'
import { surfaceAttacks } from '../attacks/surface-attacks.ts'
import { traceAttacks } from '../attacks/trace-attacks.ts'
import { listForeignThings } from '../attacks/upstream-inventory.ts'
import { wireAttacks } from '../attacks/wire-attacks.ts'
import { isFullRun } from '../harness/full-run.ts'
import { showText } from '../harness/law.ts'
import { talk } from '../harness/raw-http.ts'

const subjects: Readonly<Record<string, readonly Attack[]>> = {
  'what must work works, in the caller’s own names': positives,
  'nothing of another environment is read or changed by its id': idAttacks,
  'nothing of another environment is reached or made by its name': nameAttacks,
  'the registry’s sources, stages, aliases and frozen things hold': registryAttacks,
  'what two readers could read differently is refused': wireAttacks,
  'nothing is done to another environment’s traces': traceAttacks,
  'no path in the artifact store leads out of the environment': artifactAttacks,
  'data sets, scorers, issues, schemas, queues and previews are their environment’s own': familyAttacks,
  'searches show own rows only': searchAttacks,
  'what is not served is not served, and nobody is served': surfaceAttacks,
  'a promoter reads what is to be promoted, and changes nothing': promotionAttacks,
}

// Minutes matter: each attack is tried alone and against its twin, one in three also second on a connection and in chunks. The everyday run has
// every twentieth of them, and all that must work.
const chosen = (attacks: readonly Attack[]) =>
  isFullRun || attacks === positives ? attacks : attacks.filter((_, index) => index % 20 === 0)

const setup = await startAttackSetup(newestMlflow)
t.teardown(() => setup.close())
t.setTimeout(10 * 60_000)
const words = wordsOf(setup)
const untouched = await listForeignThings(setup)

for (const [subject, attacks] of Object.entries(subjects)) {
  await t.test(subject, async (t) => {
    for (const [index, attack] of chosen(attacks).entries()) {
      t.same(await tryAttack(setup, attack, words, index % 3 === 0), [], showText(attack.name))
    }
  })
}

function fillBytes(bytes: string, { proxy, tokens }: AttackSetup): Buffer {
  const known: Readonly<Record<string, string>> = {
    host: new URL(proxy.url).host,
    token: tokens.acc,
    run: words.run_acc ?? '',
    path: words.path_acc ?? '',
  }
  return Buffer.from(
    bytes.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => known[name] ?? whole),
    'latin1',
  )
}

async function tryFraming({ bytes, status, mostAnswers, closes = false, heard = false }: Framing): Promise<string[]> {
  const methods = bytes.startsWith('HEAD') ? ['HEAD'] : []
  setup.hop.take()
  const { answers, closed, surplus } = await talk(setup.proxy.url, fillBytes(bytes, setup), { expected: 0, methods })
  const problems: string[] = []
  const first = answers[0]?.status ?? 0
  if (status.length > 0 && !status.includes(first)) problems.push(`answered ${first}`)
  if (answers.length > mostAnswers) problems.push(`${answers.length} answers`)
  if (closes && !closed) problems.push('the connection stayed open')
  if (!heard && setup.hop.take().length > 0) problems.push('it reached the upstream')
  if (surplus.length > 0) problems.push('bytes behind the answers')
  return problems
}

await t.test('bytes that two HTTP parsers could cut differently are refused, and nothing behind them is read', async (t) => {
  for (const framing of framings) t.same(await tryFraming(framing), [], showText(framing.name))
})

await t.test('no span gets into another environment’s trace, in whatever form it comes', async (t) => {
  for (const attempt of spanAttempts(words)) t.same(await trySpans(setup, attempt), [], showText(attempt.name))
})

const api = '/api/2.0/mlflow'

interface Said {
  readonly status: number
  readonly text: string
}

async function say(who: 'acc' | 'prod' | 'both', method: string, path: string, body?: object): Promise<Said> {
  const headers = { authorization: `Bearer ${setup.tokens[who]}`, 'content-type': 'application/json' }
  const response = await fetch(`${setup.proxy.url}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, text: await response.text() }
}

const pageToken = ({ text }: Said): string => encodeURIComponent(String(JSON.parse(text).next_page_token))

await t.test('a page token is good for one caller, one environment and one search', async (t) => {
  const models = `${api}/registered-models/search?max_results=1`
  const acc = pageToken(await say('acc', 'GET', models))
  const prod = pageToken(await say('prod', 'GET', models))
  const both = pageToken(await say('both', 'GET', `/env/acc${models}`))
  t.match(await say('acc', 'GET', `${models}&page_token=${acc}`), { status: 200, text: /"registered_models":\[\{/ }, 'its own')
  t.match(
    await say('acc', 'GET', `${api}/registered-models/search?max_results=1000&page_token=${acc}`),
    { status: 200 },
    'with a larger page',
  )
  t.equal((await say('acc', 'GET', `${models}&page_token=${prod}`)).status, 400, 'of another environment')
  t.equal((await say('acc', 'GET', `${models}&page_token=${both}`)).status, 400, 'of another caller of the same environment')
  t.equal((await say('both', 'GET', `/env/prod${models}&page_token=${both}`)).status, 400, 'of the same caller elsewhere')
  t.equal(
    (await say('acc', 'GET', `${models}&page_token=${acc}&filter=${encodeURIComponent("name LIKE '%'")}`)).status,
    400,
    'of another filter',
  )
  t.equal(
    (await say('acc', 'GET', `${api}/model-versions/search?max_results=1&page_token=${acc}`)).status,
    400,
    'of another endpoint',
  )
  t.equal((await say('acc', 'GET', `${models}&page_token=${acc.slice(0, -2)}AA`)).status, 400, 'with another end')
  for (const value of [1, 2])
    await say('acc', 'POST', `${api}/runs/log-metric`, { run_id: words.run2_acc, key: 'paged', value, timestamp: value })
  const history = `${api}/metrics/get-history?run_id=${words.run2_acc}&metric_key=paged&max_results=1`
  const second = pageToken(await say('acc', 'GET', history))
  t.match(
    await say('acc', 'GET', `${history}&page_token=${second}`),
    { status: 200, text: /"value": ?2/ },
    'the next page of a history',
  )
  t.equal((await say('both', 'GET', `/env/acc${history}&page_token=${second}`)).status, 400, 'of another caller’s history')
  t.equal((await say('acc', 'GET', `${history.replace('paged', 'loss')}&page_token=${second}`)).status, 400, 'of another metric')
})

await t.test('large and wide requests are refused in no time', async (t) => {
  const quickly = async (name: string, status: number, method: string, path: string, body: object) => {
    const start = performance.now()
    t.equal((await say('acc', method, `${api}${path}`, body)).status, status, name)
    t.ok(performance.now() - start < 8_000, `${name}: soon`)
  }
  const param = (key: string) => ({ run_id: words.run_acc, key, value: 'x' })
  await quickly(
    'a key of spaces that MLflow repeats in its error',
    400,
    'POST',
    '/runs/log-parameter',
    param(`x${' '.repeat(200_000)}*`),
  )
  await quickly(
    'a key of colons that MLflow repeats in its error',
    400,
    'POST',
    '/runs/log-parameter',
    param(`x${':'.repeat(200_000)}*y`),
  )
  await quickly('a name of 200 000 letters', 400, 'POST', '/registered-models/create', { name: 'a'.repeat(200_000) })
  await quickly('a filter of 50 000 clauses', 400, 'POST', '/runs/search', {
    experiment_ids: ['0'],
    filter: 'a = 1 '.repeat(50_000),
  })
  await quickly('20 000 experiments', 413, 'POST', '/runs/search', {
    experiment_ids: Array.from({ length: 20_000 }, (_, id) => String(id + 1_000)),
  })
  await quickly('two million numbers', 400, 'POST', '/runs/search', {
    experiment_ids: Array.from({ length: 2_000_000 }, () => 0),
  })
})

await t.test('what production is made of can no longer be changed where it came from, nor is it told there', async (t) => {
  const lm = String(words.lm_acc)
  const source = `models:/${lm}`
  t.match(
    await say('acc', 'POST', `${api}/model-versions/create`, { name: 'spare', source, model_id: lm }),
    { status: 200, text: /"Staging"/ },
    'acc registers a logged model',
  )
  const slow = request(`${setup.proxy.url}/api/2.0/mlflow-artifacts/artifacts/${words.exp_acc}/models/${lm}/artifacts/MLmodel`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${setup.tokens.acc}` },
  })
  slow.write('taken ')
  await sleep(1_000)
  t.match(
    await say('prod', 'POST', `${api}/model-versions/create`, { name: 'fraud', source, model_id: lm }),
    { status: 200, text: /"Production"/ },
    'prod promotes it',
  )
  slow.end('over')
  const [late] = await once(slow, 'response')
  t.equal(late.statusCode, 403, 'an upload that had begun before does not end after it')
  late.resume()
  const seen = await say('acc', 'GET', `${api}/logged-models/${lm}`)
  t.match(seen.text, /spare/, 'acc sees its own version of it')
  t.notMatch(seen.text, /prod/, 'and not that of prod')
  const search = (filter: string) =>
    say('acc', 'POST', `${api}/logged-models/search`, { experiment_ids: [words.exp_acc], filter })
  for (const key of [
    'tags.`mlflow.modelVersions`',
    'tags.mlflow.modelVersions',
    'tag."mlflow.modelVersions"',
    '`tags`.` mlflow.modelVersions`',
  ]) {
    t.equal((await search(`${key} LIKE '%fraud_prod%'`)).status, 400, `nor does it find out by ${key}`)
  }
  const changes: [string, string, object?][] = [
    ['PATCH', `/mlflow/logged-models/${lm}/tags`, { tags: [{ key: 'a', value: 'b' }] }],
    ['DELETE', `/mlflow/logged-models/${lm}`],
    ['PUT', `/mlflow-artifacts/artifacts/${words.exp_acc}/models/${lm}/artifacts/MLmodel`, {}],
    ['POST', '/mlflow/runs/log-metric', { run_id: words.run2_acc, key: 'a', value: 1, timestamp: 1, model_id: lm }],
    ['POST', '/mlflow/runs/log-parameter', { run_id: words.run_acc, key: 'a', value: 'b' }],
    ['POST', '/mlflow/runs/delete', { run_id: words.run_acc }],
    ['POST', '/mlflow/experiments/delete', { experiment_id: words.exp_acc }],
  ]
  for (const [method, path, body] of changes)
    t.equal((await say('acc', method, `/api/2.0${path}`, body)).status, 403, `${method} ${path}`)
  t.match(await say('prod', 'GET', `${api}/model-versions/get?name=fraud&version=3`), { status: 200 }, 'prod has its version')
})

await t.test('in the end everything of others is as it was, the proxy is well, and its output holds no token', async (t) => {
  const promoted = /"name":"fraud_prod"/
  const rest = (lines: string[]) => lines.filter((line) => !promoted.test(line))
  t.same(rest(await listForeignThings(setup)), rest(untouched), 'upstream')
  t.equal((await say('acc', 'GET', '/-/whoami')).status, 200, 'an ordinary request')
  const output = setup.proxy.logs()
  for (const [who, token] of Object.entries(setup.tokens)) t.notOk(output.includes(token.slice(-40)), `the token of ${who}`)
  t.notMatch(output, /a request failed|Unhandled|uncaught/i, 'no failure of the proxy’s own')
})
