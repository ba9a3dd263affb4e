import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { stringify } from 'yaml'
import { runCommand } from '../src/commands/run-command.ts'
import { type StubRegistry, sendJson, startStubRegistry } from './fakes/stub-registry.ts'

const run1 = '1'.repeat(32)
const tenantId = '11111111-2222-3333-4444-555555555555'

interface Bench {
  readonly stub: StubRegistry
  readonly folder: string
  readonly journal: string
  /** Runs `adopt` with a file of rules, or without one. */
  adopt(rules: object | null, ...args: string[]): Promise<{ code: number; out: string; err: string }>
  lines(): { step?: string; why?: string; from?: string }[]
}

/** A stub with what an old MLflow has, and `adopt` in front of it. */
async function bench(t: Test, config: object = {}): Promise<Bench> {
  const stub = await startStubRegistry()
  t.teardown(() => stub.close())
  stub.models.push(
    { name: 'fraud', created: 11, versions: [{ runId: run1 }, {}, {}], aliases: [{ alias: 'champion', version: '2' }] },
    { name: 'legacy', created: 12 },
    { name: 'mine_acc', created: 13 },
    { name: 'greeting', created: 14, isPrompt: true },
  )
  stub.experiments.push({ id: '1', name: 'churn' }, { id: '2', name: 'gone', deleted: true }, { id: '3', name: 'old trials' })
  stub.runs.set(run1, '1')
  const folder = t.testdir()
  const file = join(folder, 'proxy.yaml')
  const written = {
    upstream: { url: stub.url },
    authentication: { entra: { tenantId, audiences: ['api://x'] } },
    environments: { acc: {}, prod: { production: true, promotesFrom: ['acc'] } },
    ...config,
  }
  writeFileSync(file, stringify(written))
  const adopt: Bench['adopt'] = async (rules, ...args) => {
    const [out, err]: [string[], string[]] = [[], []]
    writeFileSync(join(folder, 'rules.yaml'), stringify(rules ?? {}))
    const terminal = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) }
    const ruled = rules === null ? [] : ['--rules', join(folder, 'rules.yaml')]
    const code = await runCommand(['adopt', '--config', file, ...ruled, ...args], {}, terminal)
    return { code, out: out.join(''), err: err.join('') }
  }
  const journal = join(folder, 'journal.jsonl')
  const lines = () =>
    readFileSync(journal, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  return { stub, folder, journal, adopt, lines }
}

const names = ({ models, experiments }: StubRegistry) => [...models, ...experiments].map(({ name }) => name)
const changesAsked = ({ asked }: StubRegistry) => asked.filter((each) => /rename|update/.test(each))

const rules = {
  models: [
    { match: 'fraud', environment: 'acc' },
    { match: 'greet*', environment: 'prod', name: 'hello-$1' },
  ],
  experiments: [
    { match: 'old *', environment: 'acc', name: '$1' },
    { match: 'c*', environment: 'acc' },
    { match: '*', environment: 'prod' },
  ],
}

t.test('without --apply it shows what it would do, and changes nothing', async (t) => {
  const { stub, adopt } = await bench(t)
  const before = names(stub)
  const { code, out, err } = await adopt(rules)
  t.equal(err, '')
  t.equal(code, 0)
  t.match(out, 'experiment churn (1) -> /experiments/acc/churn\n      callers of acc call it churn\n')
  t.match(out, 'experiment old trials (3) -> /experiments/acc/trials\n')
  t.match(out, 'model fraud -> fraud_acc\n      callers of acc call it fraud; versions up to 3; aliases champion\n')
  t.match(out, 'model greeting -> hello-ing_prod\n', 'a prompt is one, too')
  t.match(out, 'model legacy: no rule matches it\n')
  t.match(out, /experiment Default \(0\): every environment has a default experiment of its own/)
  t.match(out, /experiment gone \(2\): it is deleted/)
  t.match(out, /models:\/NAME\/3[\s\S]*set_experiment[\s\S]*aliases[\s\S]*Artifacts stay/, 'what clients notice')
  t.match(
    out,
    /4 renames, 0 models by hand, 0 problems: nothing was changed\nPerform it with: --apply JOURNAL --expect [0-9a-f]{12}\n$/,
  )
  t.notMatch(out, 'mine_acc')
  t.same(names(stub), before)
  t.same(changesAsked(stub), [])
  const data = JSON.parse((await adopt(rules, '--json')).out)
  t.match(data, { plan: /^[0-9a-f]{12}$/, changes: { length: 4 }, stays: { length: 3 } })
})

t.test('it renames what the plan shows, journals each change, and --undo takes all back', async (t) => {
  const { stub, adopt, journal, lines } = await bench(t)
  const before = names(stub)
  const { plan } = JSON.parse((await adopt(rules, '--json')).out)
  const applied = await adopt(rules, '--apply', journal, '--expect', plan)
  t.equal(applied.code, 0, applied.err)
  t.match(applied.out, /ok {7}experiment churn -> \/experiments\/acc\/churn\n[\s\S]*\n4 renamed, 0 not; the journal is /)
  t.same(names(stub), [
    'fraud_acc',
    'legacy',
    'mine_acc',
    'hello-ing_prod',
    'Default',
    '/experiments/acc/churn',
    'gone',
    '/experiments/acc/trials',
  ])
  t.same(
    lines().map(({ step }) => step),
    [undefined, ...['begin', 'done', 'begin', 'done', 'begin', 'done', 'begin', 'done']],
  )
  t.match(await adopt(rules, '--apply', journal), { code: 0, out: /^\n0 renamed, 0 not/ }, 'once more: nothing is left')
  const undone = await adopt(null, '--undo', journal)
  t.match(undone, { code: 0, out: /ok {7}model hello-ing_prod -> greeting\n[\s\S]*\n4 taken back, 0 not/ })
  t.same(names(stub), before)
  t.match(await adopt(null, '--undo', journal), { code: 0, out: /^\n0 taken back/ }, 'once more: nothing is left')
})

t.test('a plan with problems is not performed, and says each', async (t) => {
  const { stub, adopt, journal } = await bench(t)
  stub.models.push({ name: 'fraud_acc', created: 20 }, { name: 'a/../b', created: 21 }, { name: 'x'.repeat(254), created: 22 })
  stub.models.push({ name: 'twice', created: 23 }, { name: 'Twice!', created: 24 })
  stub.experiments.push({ id: '8', name: '/experiments/acc/churn', deleted: true })
  const wrong = {
    models: [
      { match: 'fraud', environment: 'acc' },
      { match: '?wice*', environment: 'acc', name: 'two' },
      { match: 'legacy', environment: 'acc', name: 'legacy_prod' },
      { match: '*', environment: 'prod' },
    ],
    experiments: [{ match: 'churn', environment: 'acc' }],
  }
  for (const more of [[], ['--apply', journal]]) {
    const { code, out, err } = await adopt(wrong, ...more)
    t.equal(code, 3)
    for (const problem of [
      /model fraud -> fraud_acc\n.*\n +PROBLEM {2}'fraud_acc' exists already\n/,
      /model twice -> two_acc\n.*\n +PROBLEM {2}so would be called: 'Twice!'\n/,
      /model Twice! -> two_acc\n.*\n +PROBLEM {2}so would be called: 'twice'\n/,
      /PROBLEM {2}the name 'legacy' is one of prod, not of acc\n/,
      /model a\/\.\.\/b -> \?\n.*\n +PROBLEM {2}The model name has a dot segment/,
      /PROBLEM {2}its new name has 259 characters, and MLflow's databases take 256/,
      /experiment churn \(1\) -> .*\n.*\n +PROBLEM {2}'\/experiments\/acc\/churn' exists already, as a deleted experiment/,
      /, 7 problems: nothing can be performed before the problems are solved in the rules\n/,
    ])
      t.match(out + err, problem)
  }
  t.same(changesAsked(stub), [])
})

t.test('names that the database takes for one collide', async (t) => {
  const { stub, adopt } = await bench(t)
  stub.models.push({ name: 'FRAUD', created: 50 })
  stub.experiments.push({ id: '7', name: '/experiments/ACC/Churn' })
  const all = { models: [{ match: '*', environment: 'acc' }], experiments: [{ match: 'churn', environment: 'acc' }] }
  const { code, out } = await adopt(all)
  t.equal(code, 0, 'each is a name of its own, where the database says so')
  t.notMatch(out, 'PROBLEM')
  const folded = await bench(t, { upstream: { url: stub.url, foldsCase: true } })
  const both = await folded.adopt(all)
  t.equal(both.code, 3)
  t.match(both.out, "PROBLEM  so would be called: 'fraud'")
  t.match(both.out, "PROBLEM  '/experiments/ACC/Churn' exists already")
})

t.test('what an environment could not use of a model is noted', async (t) => {
  const { stub, adopt } = await bench(t)
  const source = `mlflow-artifacts:/0/${run1}/artifacts/model`
  stub.models.push({ name: 'risk', created: 30, versions: [{ source }, { source }, { stage: 'Production', runId: run1 }] })
  const { code, out } = await adopt({ models: [{ match: 'risk', environment: 'acc' }] })
  t.equal(code, 0, 'notes alone')
  t.match(out, 'note     version 3 is in Production: acc is not a production environment')
  t.match(
    out,
    "note     files of version 2, 1 are in the experiment 'Default', which acc cannot read: nobody gets that experiment",
  )
  t.match(out, "note     files of version 3 are in the experiment 'churn', which acc cannot read: give it that experiment, too")
  const both = await adopt({
    models: [{ match: 'risk', environment: 'prod' }],
    experiments: [{ match: 'churn', environment: 'acc' }],
  })
  t.notMatch(both.out, /in Production|'churn', which/, 'prod promotes from acc, and reads what its versions are made of')
})

t.test('what has changed since the plan is left, and the rest is done', async (t) => {
  const { stub, adopt, journal, lines } = await bench(t)
  stub.interrupt = (path, fields) => {
    if (path !== 'experiments/update' || fields.experiment_id !== '1') return false
    // While the first change is made, somebody replaces one model, and takes the name of another.
    stub.models.splice(0, 1, { name: 'fraud', created: 99 })
    stub.models.push({ name: 'hello-ing_prod', created: 98 })
    return false
  }
  const { code, out } = await adopt(rules, '--apply', journal)
  t.equal(code, 1)
  t.match(out, /FAILED {3}model fraud -> fraud_acc\n +it was renamed, deleted or replaced in the meantime\n/)
  t.match(out, /FAILED {3}model greeting -> hello-ing_prod\n +'hello-ing_prod' exists by now\n/)
  t.match(out, /\n2 renamed, 2 not; .* Run it again to try the others\.\n$/)
  t.match(
    lines().filter(({ step }) => step === 'failed'),
    [{ why: /in the meantime/ }, { why: /exists by now/ }],
  )
})

t.test('with --expect nothing is changed where the plan has changed', async (t) => {
  const { stub, adopt, journal } = await bench(t)
  const { plan } = JSON.parse((await adopt(rules, '--json')).out)
  stub.models.push({ name: 'greetings', created: 40, isPrompt: true })
  const { code, err } = await adopt(rules, '--apply', journal, '--expect', plan)
  t.equal(code, 3)
  t.match(err, /model greetings -> hello-ings_prod[\s\S]*The plan is no longer [0-9a-f]{12}:/)
  t.same(changesAsked(stub), [])
})

t.test('MLflow’s refusal of one change is told, and the others are made', async (t) => {
  const { stub, adopt, journal } = await bench(t)
  stub.interrupt = (path, _fields, response) => {
    if (path !== 'registered-models/rename') return false
    sendJson(response, 400, { error_code: 'INVALID_STATE', message: 'not this one\nSQL: secret' })
    return true
  }
  const { code, out } = await adopt(rules, '--apply', journal)
  t.equal(code, 1)
  t.match(out, /FAILED {3}model fraud -> fraud_acc\n +MLflow answered 400 INVALID_STATE: not this one\n/)
  stub.interrupt = () => false
  t.match(await adopt(rules, '--apply', journal), { code: 0, out: /\n2 renamed, 0 not/ })
  t.match(
    await adopt(null, '--undo', journal),
    { code: 0, out: /\n4 taken back, 0 not/ },
    'what failed first is not taken back twice',
  )
})

t.test('MLflow throttles: it waits as long as MLflow says, for reads and for changes', async (t) => {
  const { stub, adopt, journal } = await bench(t)
  const refused = new Set<string>()
  stub.interrupt = (path, _fields, response) => {
    if (refused.has(path)) return false
    refused.add(path)
    sendJson(response, 429, { error_code: 'REQUEST_LIMIT_EXCEEDED', message: 'slowly' }, { 'retry-after': '0' })
    return true
  }
  const { code, out } = await adopt(rules, '--apply', journal)
  t.equal(code, 0)
  t.match(out, /\n4 renamed, 0 not/)
  t.ok(refused.has('registered-models/search') && refused.has('registered-models/rename') && refused.has('experiments/update'))
})

t.test('an answer is lost: whether the change was made is found out, and otherwise it stops and goes on later', async (t) => {
  const { stub, adopt, journal, lines } = await bench(t)
  stub.interrupt = (path, { new_name = '' }, response) => {
    if (path !== 'experiments/update') return false
    const experiment = stub.experiments.find(({ id }) => id === '1')
    if (experiment !== undefined) experiment.name = new_name
    response.destroy()
    stub.interrupt = (again, _fields, lost) => {
      if (again !== 'experiments/update') return false
      lost.destroy()
      return true
    }
    return true
  }
  const { code, out } = await adopt(rules, '--apply', journal)
  t.equal(code, 1)
  t.match(out, /ok {7}experiment churn -> .*\nUNKNOWN {2}experiment old trials -> .*\n +.+\n\n1 renamed, 1 not; /, 'made is made')
  t.match(out, 'MLflow did not say whether the last one succeeded')
  t.same(lines().at(-1)?.step, 'begin', 'it stays begun')
  stub.interrupt = () => false
  t.match(await adopt(rules, '--apply', journal), { code: 0, out: /\n3 renamed, 0 not/ })
  t.match(
    lines().filter(({ step }) => step === 'failed'),
    [{ why: 'it was not carried out' }],
  )
})

t.test('the program ended in the middle: the journal’s open change is found out about, and half a line is none', async (t) => {
  const { stub, adopt, journal, lines } = await bench(t)
  await adopt(rules, '--apply', journal)
  const whole = readFileSync(journal, 'utf8').split('\n')
  // As if it had ended after the last change was sent: its "done" is half written.
  const undone = whole.at(-2) ?? ''
  writeFileSync(journal, `${whole.slice(0, -2).join('\n')}\n${undone.slice(0, 20)}`)
  t.match(await adopt(rules, '--apply', journal), { code: 0, out: /\n0 renamed, 0 not/ })
  t.same(lines().at(-1)?.step, 'done')
  t.match(await adopt(null, '--undo', journal), { code: 0, out: /\n4 taken back, 0 not/ })
  t.equal(stub.models[0]?.name, 'fraud')
})

t.test('--undo leaves what somebody changed since', async (t) => {
  const { stub, adopt, journal } = await bench(t)
  await adopt(rules, '--apply', journal)
  const [fraud] = stub.models
  if (fraud !== undefined) fraud.name = 'renamed_acc'
  stub.experiments.push({ id: '9', name: 'churn' })
  const { code, out } = await adopt(null, '--undo', journal)
  t.equal(code, 1)
  t.match(out, /FAILED {3}model fraud_acc -> fraud\n +it was renamed, deleted or replaced/)
  t.match(out, /FAILED {3}experiment \/experiments\/acc\/churn -> churn\n +'churn' exists by now\n\n2 taken back, 2 not/)
})

t.test('journals of another MLflow, and other files, are refused', async (t) => {
  const { stub, folder, adopt, journal } = await bench(t)
  t.match(await adopt(null, '--undo', journal), { code: 1, err: /journal\.jsonl does not exist/ })
  t.notOk(existsSync(journal))
  writeFileSync(journal, '{"journal":"mlflow-env-proxy adopt 1","upstream":"http://other"}\n')
  t.match(await adopt(rules, '--apply', journal), { code: 1, err: /is the journal of http:\/\/other/ })
  for (const text of ['{}\n', 'x: 1\n', '{"journal":"mlflow-env-proxy adopt 1","upstream":"u"}\n{"step":"what"}\n']) {
    writeFileSync(journal, text)
    t.match(await adopt(rules, '--apply', journal), { code: 1, err: /not a journal|not a line of a journal/ }, text)
    t.equal(readFileSync(journal, 'utf8'), text, 'and stay as they are')
  }
  t.match(await adopt(rules, '--apply', join(folder, 'absent', 'journal')), { code: 1, err: /ENOENT/ })
  appendFileSync(journal, '')
  t.same(changesAsked(stub), [])
})

t.test('wrong command lines, wrong rules, and an MLflow that is not there', async (t) => {
  const { stub, adopt, journal } = await bench(t)
  t.match(await adopt(null), { code: 2, err: /write either --rules FILE or --undo JOURNAL/ })
  t.match(await adopt(rules, '--undo', journal), { code: 2 })
  t.match(await adopt(rules, '--expect', 'x'), { code: 2, err: /--expect goes with --apply/ })
  const wrong = {
    models: [
      { match: 'x', environment: 'test' },
      { match: 'y', name: 'z' },
    ],
    others: [],
  }
  t.match(await adopt(wrong), { code: 2, err: /`others` is not a known key/ })
  const { err, code } = await adopt({ models: wrong.models })
  t.equal(code, 2)
  t.match(err, /rules\.yaml:3:\d+ models\[0\]\.environment: `test` is not in the configuration; write one of acc, prod\n/)
  t.match(err, /models\[1\]\.name: is of no use without an environment/)
  stub.interrupt = (_path, _fields, response) => {
    sendJson(response, 403, { error_code: 'PERMISSION_DENIED', message: 'no' })
    return true
  }
  t.match(await adopt(rules), { code: 1, err: /MLflow/ })
  await stub.close()
  t.match(await adopt(rules), { code: 1, err: /MLflow does not answer/ })
})

t.test('only callers’ tokens open MLflow: a token is needed', async (t) => {
  const { stub, folder, adopt } = await bench(t)
  writeFileSync(
    join(folder, 'proxy.yaml'),
    stringify({
      upstream: { url: stub.url, credentials: { mode: 'passthrough' } },
      authentication: { entra: { tenantId, audiences: ['api://x'] } },
      environments: ['acc', 'prod'],
    }),
  )
  t.match(await adopt(rules), { code: 1, err: /--token-file/ })
  t.same(stub.asked, [])
  writeFileSync(join(folder, 'token'), 'secret-token')
  const { code, out } = await adopt(rules, '--token-file', join(folder, 'token'))
  t.equal(code, 0)
  t.notMatch(out, 'secret-token')
})

t.test('environments that are workspaces: each is asked, and nothing moves between them', async (t) => {
  const { stub, adopt } = await bench(t, { environments: { acc: { workspace: 'team-a' }, prod: { workspace: 'team-b' } } })
  const { code, out } = await adopt({ models: [{ match: 'fraud', environment: 'acc' }] })
  t.equal(code, 3)
  t.match(out, /model fraud -> fraud_acc\n.*\n +PROBLEM {2}it is in the workspace of prod, and nothing moves to the one of acc\n/)
  t.match(out, ', 1 problem: ')
  t.same([...stub.workspaces].sort(), ['team-a', 'team-b'])
})

t.test('environments with identities of their own: what one of them sees is found once', async (t) => {
  const { stub, folder, adopt } = await bench(t)
  const token = (file: string) => ({ mode: 'token', file })
  for (const name of ['shared', 'own']) writeFileSync(join(folder, name), name)
  writeFileSync(
    join(folder, 'proxy.yaml'),
    stringify({
      upstream: { url: stub.url, credentials: token('shared') },
      authentication: { entra: { tenantId, audiences: ['api://x'] } },
      environments: { acc: {}, prod: { credentials: token('own') } },
    }),
  )
  stub.interrupt = (path, _fields, response) => {
    if (path !== 'registered-models/search' || response.req.headers.authorization !== 'Bearer shared') return false
    sendJson(response, 200, { registered_models: [{ name: 'fraud', creation_timestamp: 11 }] })
    return true
  }
  const { code, out } = await adopt(rules)
  t.equal(code, 0)
  t.equal(out.match(/model fraud -> fraud_acc\n/g)?.length, 1)
  t.match(out, 'model legacy: no rule matches it\n', 'which only prod’s identity sees')
})
