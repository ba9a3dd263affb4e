import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { countTap } from '../scripts/count-results.mjs'
import { isInstalled } from '../scripts/ensure.mjs'
import { withLock } from '../scripts/lock.mjs'
import { startProgram } from './support/program.ts'

const streams = [
  ['assertions outside of subtests', 'TAP version 14\nok 1 - a\nnot ok 2 - b\n1..2\n', { passed: 1, failed: 1, skipped: 0 }],
  [
    'a subtest is not counted beside its assertions',
    '# Subtest: s\n    ok 1 - a\n    ok 2 - b\n    1..2\nok 1 - s # time=1ms\n1..1\n',
    { passed: 2, failed: 0, skipped: 0 },
  ],
  [
    'the failure of a subtest neither',
    '# Subtest: s\n    not ok 1 - a\n    1..1\nnot ok 1 - s\n',
    { passed: 0, failed: 1, skipped: 0 },
  ],
  [
    'a subtest that fails though its assertions pass counts once',
    '# Subtest: s\n    ok 1 - a\n    1..1\nnot ok 1 - s # exit\n',
    { passed: 1, failed: 1, skipped: 0 },
  ],
  [
    'a file that dies before its first assertion',
    'not ok 1 - test/x.test.ts\n  ---\n  exitCode: 1\n  ...\n',
    { passed: 0, failed: 1, skipped: 0 },
  ],
  ['skipped and to do', 'ok 1 - a # SKIP why\nnot ok 2 - b # TODO later\nok 3 - c\n', { passed: 1, failed: 0, skipped: 2 }],
  ['a # in a name is no directive', 'ok 1 - skips \\# SKIP nothing\n', { passed: 1, failed: 0, skipped: 0 }],
  [
    'details are not read as results',
    'not ok 1 - a\n  ---\n  source: |\n    ok 1 - fake\nok 9 - fake\n  ...\nok 2 - b\n',
    { passed: 1, failed: 1, skipped: 0 },
  ],
  [
    'buffered subtests',
    'ok 1 - s # time=1ms {\n    ok 1 - a\n    not ok 2 - b # TODO\n    1..2\n}\n',
    { passed: 1, failed: 0, skipped: 1 },
  ],
  ['a stream that stops inside a subtest', 'ok 1 - s {\n    ok 1 - a\n', { passed: 1, failed: 1, skipped: 0 }],
  ['a bail-out', 'ok 1 - a\nBail out! no server\n', { passed: 1, failed: 1, skipped: 0 }],
  ['nothing', '', { passed: 0, failed: 0, skipped: 0 }],
] as const

t.test('the closing line counts what ran', async (t) => {
  for (const [name, text, expected] of streams) {
    const { failures, ...counts } = countTap(text)
    t.same(counts, expected, name)
    t.equal(failures.length, expected.failed, `${name}: each failure has a name`)
  }
  const nested =
    '# Subtest: file\n    # Subtest: outer\n        ok 1 - a\n        not ok 2 - b\n    not ok 1 - outer\nnot ok 1 - file\nnot ok 2 - c\n'
  t.same(countTap(nested).failures, ['file > outer > b', 'c'], 'the names show where')
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
  for (let i = 0; i < 100; i += 1) {
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
  const module = fileURLToPath(new URL('./support/program.ts', import.meta.url))
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
