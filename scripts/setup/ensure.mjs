// Prepares a checkout for running tasks. Plain JavaScript for Node 20, no dependencies.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withLock } from './lock.mjs'
import { Missing } from './missing.mjs'

/** The checkout. */
export const root = fileURLToPath(new URL('../..', import.meta.url))
const inRoot = (...parts) => join(root, ...parts)
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'))

/** Whether node_modules contains exactly what package-lock.json lists; optional packages of other platforms may be absent. */
export function isInstalled(wanted, installed) {
  const packages = Object.entries(wanted.packages).filter(([path]) => path !== '')
  return packages.every(([path, { version, optional }]) => {
    const present = installed.packages[path]
    return present ? present.version === version : optional === true
  })
}

function dependenciesAreCurrent() {
  const installed = inRoot('node_modules', '.package-lock.json')
  return existsSync(installed) && isInstalled(readJson(inRoot('package-lock.json')), readJson(installed))
}

function npm(args) {
  const viaNpm = process.env.npm_execpath?.includes('npm')
  const command = viaNpm ? process.execPath : 'npm'
  const all = viaNpm ? [process.env.npm_execpath, ...args] : args
  const result = spawnSync(command, all, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 64 << 20 })
  if (result.error?.code === 'ENOENT') throw new Missing('npm was not found: install Node 20 or newer with npm.')
  return result
}

function explainFailure(what, { stdout, stderr }) {
  mkdirSync(inRoot('.cache'), { recursive: true })
  const log = inRoot('.cache', `${what.replaceAll(' ', '-')}.log`)
  writeFileSync(log, `${stdout}\n${stderr}`)
  const lines = `${stderr}\n${stdout}`.split('\n')
  const cause = lines.find((line) => /error\b.*\w/i.test(line) && !/^npm error( code| errno| path|$)/.test(line.trim()))?.trim()
  return new Missing(`${what} failed: ${cause ?? 'no error message'} (log: ${log})`)
}

/** Runs `npm ci` if node_modules is absent or differs from package-lock.json. */
export async function ensureDependencies(say) {
  if (dependenciesAreCurrent()) return
  await withLock(inRoot('.cache', 'npm-ci.lock'), () => {
    if (dependenciesAreCurrent()) return
    const started = Date.now()
    say('npm ci: installing dependencies')
    const result = npm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'])
    if (result.status !== 0) throw explainFailure('npm ci', result)
    say(`npm ci: done in ${Math.round((Date.now() - started) / 1000)} s`)
  })
}

/** The environment and Node for the tasks: the project's tools first on the PATH, and Node from the package `node` if it is installed. */
export function currentNode() {
  const bundled = inRoot('node_modules', '.bin', 'node')
  const env = { ...process.env, PATH: `${inRoot('node_modules', '.bin')}${delimiter}${process.env.PATH}` }
  const works = existsSync(bundled) && spawnSync(bundled, ['--version'], { stdio: 'ignore' }).status === 0
  if (works) return { node: bundled, env }
  const oldest = readJson(inRoot('package.json')).engines.node.slice('>='.length)
  const [[major, minor], [least, lesser]] = [process.versions.node, oldest].map((version) => version.split('.').map(Number))
  if (major > least || (major === least && minor >= lesser)) return { node: process.execPath, env }
  throw new Missing(
    `Node ${oldest} or newer is needed (this is ${process.versions.node}), and the npm package node brought none.`,
  )
}

function sourcesFingerprint() {
  const hash = createHash('sha256')
  const files = readdirSync(inRoot('src'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = files.map((entry) => join(entry.parentPath ?? entry.path, entry.name)).sort()
  const settings = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts/setup/build.mjs'].map(
    (name) => inRoot(name),
  )
  for (const path of [...paths, ...settings]) {
    const { size, mtimeMs } = statSync(path)
    hash.update(`${path}\n${size}\n${mtimeMs}\n`)
  }
  return hash.digest('hex')
}

/** Runs `npm run build` if dist was not built from the current sources. */
export async function ensureBuilt(say) {
  const stamp = inRoot('dist', '.built-from')
  const isCurrent = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === sourcesFingerprint()
  if (isCurrent()) return
  await withLock(inRoot('.cache', 'build.lock'), () => {
    if (isCurrent()) return
    say('npm run build: compiling')
    const fingerprint = sourcesFingerprint()
    rmSync(inRoot('dist'), { recursive: true, force: true })
    const result = npm(['run', 'build', '--silent'])
    if (result.status !== 0) throw explainFailure('npm run build', result)
    writeFileSync(stamp, fingerprint)
  })
}
