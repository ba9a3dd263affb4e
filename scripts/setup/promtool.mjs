// Prometheus' tool, which checks the chart's alerts. Plain JavaScript for Node 20, no dependencies.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Missing } from './missing.mjs'
import { isProgram, onPath } from './programs.mjs'
import { cacheFolder } from './python-environments.mjs'

const own = () => join(cacheFolder(), 'promtool', 'promtool')
const advice =
  'promtool was not found: install it (Debian: apt-get install prometheus), or name it with PROMTOOL=/path/to/promtool.'

export function findPromtool() {
  const named = process.env.PROMTOOL
  if (named) return isProgram(named) ? named : null
  return onPath('promtool') ?? (isProgram(own()) ? own() : null)
}

// The package itself would bring Prometheus as a service: only its tool is taken out.
function takeFromDebian(folder) {
  const run = (command, args) => spawnSync(command, args, { cwd: folder, stdio: 'ignore' }).status === 0
  run('apt-get', ['update', '-qq'])
  if (!run('apt-get', ['download', '-qq', 'prometheus'])) return
  const [archive] = readdirSync(folder).filter((name) => name.endsWith('.deb'))
  if (archive === undefined || !run('dpkg-deb', ['--extract', archive, 'all'])) return
  renameSync(join(folder, 'all', 'usr', 'bin', 'promtool'), own())
}

export function ensurePromtool(say) {
  if (findPromtool() !== null) return
  if (process.env.PROMTOOL || onPath('apt-get') === null) throw new Missing(advice)
  say("apt-get: fetching promtool for the test of the chart's alerts")
  mkdirSync(join(cacheFolder(), 'promtool'), { recursive: true })
  const folder = mkdtempSync(join(cacheFolder(), 'promtool', 'fetch-'))
  try {
    takeFromDebian(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
  if (findPromtool() === null) throw new Missing(advice)
}
