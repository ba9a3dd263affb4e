import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { closeRun, countTap } from '../scripts/run/count-results.mjs'
import { isInstalled } from '../scripts/setup/ensure.mjs'
import { withLock } from '../scripts/setup/lock.mjs'
import { startProgram } from './harness/program.ts'

const streams = [
  ['assertions outside of subtests', 'TAP version 14\nok 1 - a\nnot ok 2 - b\n1..2\n', { passed: 1, failed: 1, skipped: 0 }],
  [
    'a subtest is not counted beside its assertions',
    '# Subtest: s\n    ok 1 - a\n    ok 2 - b\n    1..2\nok 1 - s # time=1ms\n1..1\n',
    { passed: 2, failed: 0, skipped: 0 },
  ],
  [
    'the failure of a subtest neither',
    '# Subtest: s\n    not ok 1 - a\n    1..1\nnot ok 1 - s\n1..1\n',
    { passed: 0, failed: 1, skipped: 0 },
  ],
  [
    'a subtest that fails though its assertions pass counts once',
    '# Subtest: s\n    ok 1 - a\n    1..1\nnot ok 1 - s # exit\n1..1\n',
    { passed: 1, failed: 1, skipped: 0 },
  ],
  [
    'a file that dies before its first assertion',
    '1..1\nnot ok 1 - test/x.test.ts\n  ---\n  exitCode: 1\n  ...\n',
    { passed: 0, failed: 1, skipped: 0 },
  ],
  ['skipped and to do', 'ok 1 - a # SKIP why\nnot ok 2 - b # TODO later\nok 3 - c\n1..3\n', { passed: 1, failed: 0, skipped: 2 }],
  ['a # in a name is no directive', 'ok 1 - skips \\# SKIP nothing\n1..1\n', { passed: 1, failed: 0, skipped: 0 }],
  [
    'details are not read as results',
    'not ok 1 - a\n  ---\n  source: |\n    ok 1 - fake\nok 9 - fake\n  ...\nok 2 - b\n1..2\n',
    { passed: 1, failed: 1, skipped: 0 },
  ],
  [
    'buffered subtests',
    'ok 1 - s # time=1ms {\n    ok 1 - a\n    not ok 2 - b # TODO\n    1..2\n}\n1..1\n',
    { passed: 1, failed: 0, skipped: 1 },
  ],
  ['a stream that stops inside a subtest', '1..1\nok 1 - s {\n    ok 1 - a\n', { passed: 1, failed: 1, skipped: 0 }],
  ['a bail-out', '1..1\nok 1 - a\nBail out! no server\n', { passed: 1, failed: 1, skipped: 0 }],
  ['nothing', '', { passed: 0, failed: 0, skipped: 0 }],
] as const

t.test('the closing line counts what ran', async (t) => {
  for (const [name, text, expected] of streams) {
    const { passed, failed, skipped, failures } = countTap(text)
    t.same({ passed, failed, skipped }, expected, name)
    t.equal(failures.length, expected.failed, `${name}: each failure has a name`)
  }
  const nested =
    '# Subtest: file\n    # Subtest: outer\n        ok 1 - a\n        not ok 2 - b\n    not ok 1 - outer\nnot ok 1 - file\nnot ok 2 - c\n'
  t.same(countTap(nested).failures, ['file > outer > b', 'c'], 'the names show where')
})

const fileOfTwo = '# Subtest: test/a.test.ts\n    ok 1 - a\n    ok 2 - b\n    1..2\nok 1 - test/a.test.ts # time=2ms\n'
const finished = { code: 0, signal: null }
const killed = { code: null, signal: 'SIGKILL' }
const endings = [
  ['a whole run', `1..1\n${fileOfTwo}`, finished, 0, ['2 passed, 0 failed']],
  ['a plan at the end', `${fileOfTwo}1..1\n`, finished, 0, ['2 passed, 0 failed']],
  [
    'files without a result',
    `1..4\n${fileOfTwo}`,
    killed,
    1,
    ['The run is incomplete: 3 of 4 test files have no result; tap was ended by SIGKILL.', '2 passed, 3 failed'],
  ],
  [
    'a file that was being read',
    `1..2\n${fileOfTwo}# Subtest: test/b.test.ts\n    ok 1 - c\n`,
    killed,
    1,
    ['The run is incomplete: 1 of 2 test files have no result; tap was ended by SIGKILL.', '3 passed, 1 failed'],
  ],
  [
    'a failure beside the missing files',
    '1..2\nnot ok 1 - test/a.test.ts\n',
    { code: 143, signal: null },
    143,
    [
      'failed: test/a.test.ts',
      'The run is incomplete: 1 of 2 test files have no result; tap ended with code 143.',
      '0 passed, 2 failed',
    ],
  ],
  [
    'no plan',
    '',
    killed,
    1,
    ['The run is incomplete: tap was ended by SIGKILL before it said which files it would run.', '0 passed, 1 failed'],
  ],
  [
    'all results, but an end in trouble',
    `1..1\n${fileOfTwo}`,
    { code: 7, signal: null },
    7,
    ['The run is incomplete: every test file has a result, but tap ended with code 7.', '2 passed, 1 failed'],
  ],
  ['no file at all', '1..0\n', finished, 1, ['0 passed, 0 failed']],
] as const

t.test('a run that did not come to its end has failed, and says why', async (t) => {
  for (const [name, text, ending, exitCode, lines] of endings) t.same(closeRun(text, ending), { lines, exitCode }, name)
})

t.test('a run whose tap is killed from outside counts the file that it was at', async (t) => {
  const place = t.testdir({
    'package.json': '{ "type": "module" }',
    '.taprc': 'include:\n  - "*.test.js"\njobs: 1\ndisable-coverage: true\nallow-incomplete-coverage: true\n',
    'a.test.js': "import t from 'tap'\nt.ok(true)\nt.ok(true)\n",
    'b.test.js': "import t from 'tap'\nt.ok(true)\nprocess.kill(process.ppid, 'SIGKILL')\nsetTimeout(() => {}, 2000)\n",
  })
  // The full run leaves it to .taprc how many files run at once.
  const inherited = Object.entries(process.env).filter(([name]) => !/TAP/.test(name))
  const env = { ...Object.fromEntries(inherited), ENV_PROXY_TESTS: 'full' }
  const script = fileURLToPath(new URL('../scripts/run/run-tests.mjs', import.meta.url))
  const program = startProgram(process.execPath, [script], { cwd: place, env })
  await untilMatches(() => program.logs(), /(ended with code 1)/)
  // What the killed file had said may or may not have arrived.
  t.match(program.logs(), /1 of 2 test files have no result; tap was ended by SIGKILL\.\n[23] passed, 1 failed\n/)
})

t.test('node_modules is current only when it is what the lock file says', async (t) => {
  const wanted = {
    packages: { '': {}, 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '2.0.0', optional: true } },
  }
  const installed = (packages: object) => isInstalled(wanted, { packages: { ...packages } })
  t.equal(installed({ 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '2.0.0' } }), true, 'all are there')
  t.equal(installed({ 'node_modules/a': { version: '1.0.0' } }), true, 'an optional package may be absent')
  t.equal(installed({ 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '1.9.0' } }), false, 'but not old')
  t.equal(installed({ 'node_modules/a': { version: '0.9.0' } }), false, 'an old package')
  t.equal(installed({}), false, 'an absent package')
})

t.test('a lock is held by one at a time, and a dead holder does not keep it', async (t) => {
  const path = join(t.testdir({}), 'lock')
  const order: string[] = []
  const hold = (name: string) =>
    withLock(path, async () => {
      order.push(`${name} in`)
      await sleep(50)
      order.push(`${name} out`)
    })
  await Promise.all([hold('a'), hold('b')])
  t.same(order, ['a in', 'a out', 'b in', 'b out'])
  t.equal(existsSync(path), false, 'and it is gone afterwards')
  await t.rejects(
    withLock(path, () => Promise.reject(new Error('work failed'))),
    { message: 'work failed' },
  )
  t.equal(existsSync(path), false, 'also when the work fails')
  writeFileSync(path, '')
  const longAgo = new Date(Date.now() - 3_600_000)
  utimesSync(path, longAgo, longAgo)
  t.equal(await withLock(path, () => 'taken over'), 'taken over')
})

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}

async function untilDead(pid: number) {
  for (let i = 0; i < 100 && isAlive(pid); i += 1) await sleep(50)
  return !isAlive(pid)
}

async function untilMatches(text: () => string, pattern: RegExp): Promise<number> {
  for (let i = 0; i < 1200; i += 1) {
    const found = pattern.exec(text())
    if (found) return Number(found[1])
    await sleep(50)
  }
  throw new Error(`no ${pattern} in: ${text()}`)
}

// A program with a child of its own, as a server with workers has.
const family = ['-c', 'sleep 300 & echo "child $!"; wait']

t.test('a started program ends with all that it started', async (t) => {
  const program = startProgram('sh', family, { env: process.env })
  const child = await untilMatches(() => program.logs(), /child (\d+)/)
  t.equal(isAlive(child), true)
  await program.close()
  t.equal(await untilDead(child), true)
  t.equal(program.isRunning(), false)
})

t.test('a started program ends when the test process is killed', async (t) => {
  const module = fileURLToPath(new URL('./harness/program.ts', import.meta.url))
  const code = `import { startProgram } from ${JSON.stringify(module)}
    const p = startProgram('sh', ${JSON.stringify(family)}, { env: process.env })
    setInterval(() => process.stdout.write(p.logs()), 50)`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  parent.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  const child = await untilMatches(() => output, /child (\d+)/)
  parent.kill('SIGKILL')
  await once(parent, 'exit')
  t.equal(await untilDead(child), true)
})

t.test('what the tests need of the machine and nobody may install is asked for in one line', async (t) => {
  const cache = t.testdir()
  const scripts = fileURLToPath(new URL('../scripts/setup/', import.meta.url))
  const ask = (file: string, call: string) => {
    const code = `import { ${call} } from ${JSON.stringify(join(scripts, file))}
      try { await ${call}(console.log) } catch (error) { console.log(error.name, error.message) }`
    const env = { PATH: cache, ENV_PROXY_CACHE: cache }
    return spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8', env }).stdout
  }
  t.match(ask('chromium.mjs', 'ensureChromium'), /^Missing Chromium was not found: install it .*\n$/)
  t.match(ask('haproxy.mjs', 'ensureHaproxy'), /^(Missing HAProxy was not found: install it .*\n|)$/)
  t.match(ask('nginx.mjs', 'ensureNginx'), /^(Missing nginx was not found: install it .*\n|)$/)
  t.match(ask('redis.mjs', 'ensureRedis'), /^(Missing Redis or Valkey was not found: install it .*\n|)$/)
  t.match(ask('java.mjs', 'ensureJavaClient'), /^Missing A JDK .* and Maven were not found: install them .*\n$/)
})
