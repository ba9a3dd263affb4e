import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { runCommand } from '../src/commands/run-command.ts'
import { repository } from './fixtures/config-file.ts'

async function run(...args: string[]) {
  const out: string[] = []
  const err: string[] = []
  const terminal = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) }
  const code = await runCommand(args, {}, terminal)
  return { code, out: out.join(''), err: err.join('') }
}

const config = join(repository, 'examples/policy.yaml')

/** A file of cases in a folder of its own. */
function testFile(t: Test, text: string): string {
  const file = join(t.testdir(), 'tests.yaml')
  writeFileSync(file, text)
  return file
}

const one = (expect: string, more = '') =>
  `cases: [{ name: a case, groups: [apps_acc], request: GET registered-models/get?name=fraud, expect: ${expect}${more} }]`

t.test('the example passes, though its configuration names a secret that is not here', async (t) => {
  const file = join(repository, 'examples/policy-tests.yaml')
  const { code, out, err } = await run('test', file)
  t.equal(err, '')
  t.match(out, /^ok {6}acc reads its own model, under its plain name$/m)
  t.match(out, /^[0-9]+ passed, 0 failed$/m)
  t.equal(code, 0)
  t.equal((await run('check', '--config', config)).code, 1, 'serve would not start without the secret')
})

t.test('the cookbook shows parts of the example, and its recipes pass', async (t) => {
  const page = readFileSync(join(repository, 'docs/policy-tests.md'), 'utf8')
  const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text)
  const whole = blocks.filter((text) => /^cases:/m.test(text))
  t.ok(whole.length >= 3)
  for (const [index, text] of whole.entries()) {
    const file = join(t.testdir(), `recipe-${index}.yaml`)
    writeFileSync(file, text.replace(/^config: .*\n/m, ''))
    const { code, out, err } = await run('test', '--config', config, file)
    t.equal(code, 0, `${err}${out}`)
  }
})

t.test('a case that fails says where, what was expected and what came', async (t) => {
  const upstream = "'POST /api/2.0/mlflow/registered-models/get?name=fraud'"
  const cases: [text: string, said: RegExp[]][] = [
    [one('deny'), [/FAILED {2}a case \(.*tests\.yaml:1\)/, /decision\n +expected deny\n +found {4}allow/]],
    [one('stage'), [/reason\n +expected stage\n +found {4}null/]],
    [one('{ environment: prod }'), [/environment\n +expected prod\n +found {4}acc/]],
    [one('{ endpoint: getRun }'), [/endpoint\n +expected getRun\n +found {4}getRegisteredModel/]],
    [one(`{ upstream: ${upstream} }`), [/upstream\n +expected POST \/api.*\n +found {4}GET \/api/]],
    [one(`{ upstream: ${upstream.replace('POST', 'GET')} }`), [/parameters\.name\n +expected fraud\n +found {4}fraud_acc/]],
    [one('{ body: { name: fraud } }'), [/body\n +expected \{"name":"fraud"\}\n +found {4}null/]],
    [one('{ makes: [x] }'), [/makes\n +expected \["x"\]\n +found {4}\[\]/]],
    [
      `cases: [{ name: a case, groups: [apps_acc], request: GET runs/get?run_id=${'1'.repeat(32)}, expect: allow }]`,
      [/decision\n +expected allow\n +found {4}deny/, /message {2}Run with id=1+ not found/],
    ],
    [
      'cases: [{ name: a case, groups: [x], request: GET /version, expect: { message: nonsense } }]',
      [/message\n +expected nonsense\n +found {4}Your token's groups \(x\) belong to no environment/],
    ],
  ]
  for (const [text, said] of cases) {
    const { code, out } = await run('test', '--config', config, testFile(t, text))
    t.equal(code, 1, text)
    for (const pattern of said) t.match(out, pattern, text)
    t.match(out, '0 passed, 1 failed')
  }
})

t.test('results for programs', async (t) => {
  const { code, out } = await run('test', '--json', '--config', config, testFile(t, one('deny')))
  t.equal(code, 1)
  t.match(JSON.parse(out), {
    passed: 0,
    failed: 1,
    cases: [
      {
        name: 'a case',
        line: 1,
        passed: false,
        differences: [{ what: 'decision', expected: 'deny', found: 'allow' }],
        found: { decision: 'allow', upstream: { target: '/api/2.0/mlflow/registered-models/get?name=fraud_acc' } },
      },
    ],
  })
})

t.test('a file that is wrong is told from a case that fails', async (t) => {
  const fact = (text: string) => `facts: { ${text} }\n${one('allow')}`
  const cases: [text: string, said: RegExp][] = [
    ['cases: []', /tests\.yaml:1:8 cases: is empty; write at least one/],
    ['cases: [{ name: x, expect: allow }]', /cases\[0\]\.request: is missing/],
    [one('allow', ', when: now'), /tests\.yaml:1:\d+ cases\[0\]\.when: `when` is not a known key/],
    [one('{ decision: perhaps }'), /cases\[0\]\.expect\.decision: `perhaps` is none of allow, deny/],
    ['cases: [{ name: x, request: nonsense, expect: allow }]', /cases\[0\]\.request: `nonsense` is not a method and a path/],
    [fact(`runs: [{ id: ${'1'.repeat(32)}, environment: acc }]`), /facts\.runs\[0\]\.id: .* is not an id in quotes/],
    [fact('runs: [{ id: r }]'), /'r' has no place: add its experiment or its environment/],
    [fact('runs: [{ id: r, experiment: 8 }]'), /'r' lies in experiment '8': add that to the experiments/],
    [fact('runs: [{ id: r, environment: moon }]'), /the environment 'moon', which is not in the configuration/],
    ['cases: [', /this is not valid YAML/],
  ]
  for (const [text, said] of cases) {
    const { code, out, err } = await run('test', '--config', config, testFile(t, text))
    t.equal(code, 2, text)
    t.equal(out, '')
    t.match(err, said, text)
  }
  t.equal((await run('test', '--config', config, join(t.testdir(), 'none.yaml'))).code, 2)
  const without = await run('test', testFile(t, one('allow')))
  t.equal(without.code, 2)
  t.match(without.err, /which configuration\?/)
})

t.test('a configuration that is wrong is a problem as for every command', async (t) => {
  const file = testFile(t, one('allow'))
  writeFileSync(join(dirname(file), 'proxy.yaml'), 'environments: { acc: {} }')
  const { code, err } = await run('test', '--config', join(dirname(file), 'proxy.yaml'), file)
  t.equal(code, 1)
  t.match(err, /problems? in the configuration/)
})
