// The browser of the UI tests. Plain JavaScript for Node 20, no dependencies.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { Missing } from './missing.mjs'

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']
const packages = ['chromium', 'fonts-liberation']

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function onPath(name) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path) && isProgram(path)) ?? null
}

/** The path of Chromium: $CHROMIUM, else the first on the PATH; null where there is none. */
export function findChromium() {
  if (process.env.CHROMIUM) return isProgram(process.env.CHROMIUM) ? process.env.CHROMIUM : null
  return names.map(onPath).find((path) => path !== null) ?? null
}

/** Installs Chromium from Debian's packages where it is missing and this user may; else says in one line what to do. */
export function ensureChromium(say) {
  if (findChromium() !== null) return
  const advice =
    'Chromium was not found: install it (Debian: apt-get install chromium), or name it with CHROMIUM=/path/to/chromium.'
  if (process.env.CHROMIUM || process.getuid?.() !== 0 || onPath('apt-get') === null) throw new Missing(advice)
  say('apt-get: installing Chromium for the tests of the web UI')
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...packages],
  ]) {
    spawnSync('apt-get', args, { env, stdio: 'ignore' })
  }
  if (findChromium() === null) throw new Missing(advice)
}
