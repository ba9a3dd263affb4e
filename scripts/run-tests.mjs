// Runs the tests with tap: its own display on a terminal; elsewhere one line per finished file, and the failures at the end.
// The last line is the count of what really ran.
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { countTap } from './count-results.mjs'
import { root } from './ensure.mjs'

const results = join(root, '.cache', 'results.tap')

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

mkdirSync(join(root, '.cache'), { recursive: true })
rmSync(results, { force: true })
const quiet = !process.stdout.isTTY
const display = quiet ? ['--reporter=min', '--no-color'] : []
const args = [join(root, 'node_modules', '.bin', 'tap'), 'run', `--output-file=${results}`, ...display, ...process.argv.slice(2)]
const tap = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', quiet ? 'pipe' : 'inherit', 'inherit'] })
const cursorMoves = new RegExp(`${String.fromCharCode(27)}\\[\\?25[hl]`, 'g')
tap.stdout?.setEncoding('utf8').on('data', (text) => process.stdout.write(text.replace(cursorMoves, '')))
const ticker = quiet ? setInterval(showFinished, 1000) : null
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => tap.kill(signal))
process.on('SIGINT', () => {})
tap.on('close', (code) => {
  clearInterval(ticker)
  if (quiet) showFinished()
  const { passed, failed, skipped, failures } = countTap(readResults())
  for (const name of quiet ? failures : []) console.log(`failed: ${name}`)
  if (skipped > 0) console.log(`${skipped} skipped or to do`)
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = code === 0 && (failed > 0 || passed === 0) ? 1 : (code ?? 1)
})
