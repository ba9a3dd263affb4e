// Runs the tests with tap: with its own display on a terminal; otherwise one line per finished file, and the failures at the end.
// The last line is the count of what actually ran.
import { spawn, spawnSync } from 'node:child_process'
import { globSync, mkdirSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parse } from 'yaml'
import { root } from '../setup/ensure.mjs'
import { mlflowVersions } from '../setup/python-environments.mjs'
import { closeRun } from './count-results.mjs'
import { startReadyMlflow } from './ready-mlflow.mjs'

// npm and run.mjs start this in the checkout.
const results = resolve('.cache', 'results.tap')
const quiet = !process.stdout.isTTY
const asked = process.argv.slice(2)
const everyday = asked.length === 0 && process.env.ENV_PROXY_TESTS !== 'full'
const { include, serial = [], jobs, timeout } = parse(readFileSync('.taprc', 'utf8'))

/** What runs: long files first, so that none of them is left to run beside nothing, and last what is to run alone. */
function chooseFiles() {
  if (asked.length > 0) return asked.flatMap((path) => (statSync(path).isFile() ? path : globSync(`${path}/**/*.test.ts`).sort()))
  const all = globSync(include).sort()
  const rank = (file) => (serial.includes(file) ? 2 : file.includes('.full.test.') ? 0 : 1)
  const ranked = all.sort((a, b) => rank(a) - rank(b))
  return everyday ? ranked.filter((file) => !file.includes('.full.test.')) : ranked
}

let unfinished = ''

function showFinished(text) {
  const lines = (unfinished + text).split('\n')
  unfinished = lines.pop()
  for (const line of lines) {
    const [, failed, name, ms] = /^(not )?ok \d+ - (.*?)(?: # time=([\d.]+)ms)?(?: \{)?$/.exec(line) ?? []
    if (name) console.log(`${failed ? 'FAILED' : 'ok    '} ${name}${ms ? ` (${(Number(ms) / 1000).toFixed(1)} s)` : ''}`)
  }
}

const display = (...options) => [join(root, 'node_modules', '.bin', 'tap'), 'run', ...options, '-']

/** Tap's own display of a stream: on a terminal as it comes, elsewhere of a whole one that has failures. */
const showFailures = () =>
  spawnSync(process.execPath, display('--reporter=min', '--no-color'), { stdio: [openSync(results), 1, 2] })
const showAll = () => spawn(process.execPath, display(), { stdio: ['pipe', 'inherit', 'inherit'] })

if (everyday)
  console.log('Everyday run: *.full.test.ts and the long variants of others run with ENV_PROXY_TESTS=full, as in .ci/run.')
mkdirSync(resolve('.cache'), { recursive: true })
const output = openSync(results, 'w')
const shown = quiet ? null : showAll()
const settings = JSON.stringify({ files: chooseFiles(), jobs, serial, timeout })
const ready = asked.length === 0 && !process.env.ENV_PROXY_READY_MLFLOW ? startReadyMlflow(mlflowVersions.slice(-2)) : null
const more = ready ? { ENV_PROXY_READY_MLFLOW: ready.folder } : {}
// A test by itself would end after half a minute.
const env = { TAP_TIMEOUT: String(timeout), NODE_COMPILE_CACHE: resolve('.cache', 'compiled'), ...more, ...process.env }
const tap = spawn(process.execPath, [join(import.meta.dirname, 'tap-files.mjs'), settings], {
  stdio: ['ignore', 'pipe', 'inherit'],
  detached: true,
  env,
})
tap.stdout.setEncoding('utf8').on('data', (text) => {
  writeSync(output, text)
  if (shown) shown.stdin.write(text)
  else showFinished(text)
})
for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'])
  process.on(signal, () => {
    // tap and the test that it runs
    process.kill(-tap.pid, signal)
  })
tap.on('close', (code, signal) => {
  ready?.close()
  const { lines, exitCode } = closeRun(readFileSync(results, 'utf8'), { code, signal })
  if (quiet && exitCode !== 0 && signal === null) showFailures()
  const close = () => {
    // tap's own display has already shown the failures.
    for (const line of lines) if (quiet || !line.startsWith('failed: ')) console.log(line)
    process.exitCode = exitCode
  }
  if (!shown) return close()
  shown.on('close', close)
  shown.stdin.end()
  setTimeout(() => shown.kill(), 20_000).unref()
})
