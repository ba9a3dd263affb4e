// Runs the tests with tap: with its own display on a terminal; otherwise one line per finished file, and the failures at the end.
// The last line is the count of what actually ran.
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { root } from '../setup/ensure.mjs'
import { closeRun } from './count-results.mjs'

// npm and run.mjs start this in the checkout.
const results = resolve('.cache', 'results.tap')

function readResults() {
  try {
    return readFileSync(results, 'utf8')
  } catch {
    return ''
  }
}

let shown = 0

function showFinished() {
  const files = readResults().match(/^(?:not )?ok \d+ - .*$/gm) ?? []
  for (const line of files.slice(shown)) {
    const [, failed, name, ms] = /^(not )?ok \d+ - (.*?)(?: # time=([\d.]+)ms)?(?: \{)?$/.exec(line) ?? []
    if (name) console.log(`${failed ? 'FAILED' : 'ok    '} ${name}${ms ? ` (${(Number(ms) / 1000).toFixed(1)} s)` : ''}`)
  }
  shown = files.length
}

mkdirSync(dirname(results), { recursive: true })
rmSync(results, { force: true })
const quiet = !process.stdout.isTTY
const display = quiet ? ['--reporter=min', '--no-color'] : []
const asked = process.argv.slice(2)
const everyday = asked.length === 0 && process.env.ENV_PROXY_TESTS !== 'full'
if (everyday)
  console.log('Everyday run: *.full.test.ts and the long variants of others run with ENV_PROXY_TESTS=full, as in .ci/run.')
// Many tests mostly wait for servers; in the full run some measure memory and time, and run alone.
const left = everyday ? ['--exclude=test/**/*.full.test.ts', '--jobs=3'] : []
const args = [join(root, 'node_modules', '.bin', 'tap'), 'run', `--output-file=${results}`, ...display, ...left, ...asked]
const tap = spawn(process.execPath, args, { stdio: ['ignore', quiet ? 'pipe' : 'inherit', 'inherit'] })
const cursorMoves = new RegExp(`${String.fromCharCode(27)}\\[\\?25[hl]`, 'g')
tap.stdout?.setEncoding('utf8').on('data', (text) => process.stdout.write(text.replace(cursorMoves, '')))
const ticker = quiet ? setInterval(showFinished, 1000) : null
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => tap.kill(signal))
process.on('SIGINT', () => {})
tap.on('close', (code, signal) => {
  clearInterval(ticker)
  if (quiet) showFinished()
  const { lines, exitCode } = closeRun(readResults(), { code, signal })
  // tap's own display has already shown the failures.
  for (const line of lines) if (quiet || !line.startsWith('failed: ')) console.log(line)
  process.exitCode = exitCode
})
