// One virtual environment per MLflow version, shared by all checkouts of a user. Plain JavaScript for Node 20, no dependencies.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findPython, lockedPython } from './find-python.mjs'
import { withLock } from './lock.mjs'
import { Missing } from './missing.mjs'
import {
  benchRequirements,
  integrationRequirements,
  mlflowRequirements,
  toolRequirements,
  withoutParts,
} from './python-requirements.mjs'

const lockFolder = fileURLToPath(new URL('./python/', import.meta.url))

/** The supported MLflow versions, oldest first. */
export const mlflowVersions = Object.keys(mlflowRequirements)

/** The newest of them, which most tests use as server and as client. */
export const newestMlflow = mlflowVersions[mlflowVersions.length - 1]

const requirements = { ...mlflowRequirements, ...toolRequirements, ...integrationRequirements, ...benchRequirements }

/** The environments that the tests need besides MLflow's. */
export const toolEnvironments = Object.keys(toolRequirements)

/** The environments that only the full matrix needs. */
export const integrationEnvironments = Object.keys(integrationRequirements)

const titleOf = (version) => (mlflowVersions.includes(version) ? `MLflow ${version}` : version)

/** Folder of everything that outlives a checkout; safe to delete. */
export function cacheFolder() {
  return process.env.ENV_PROXY_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mlflow-env-proxy')
}

// The pip calls that let pip resolve an environment's packages itself, in order.
function resolvingCalls(version) {
  const older = withoutParts[version]
  if (!older) return [['install', ...requirements[version]]]
  const removal = ['uninstall', '--yes', 'mlflow', 'mlflow-skinny', 'mlflow-tracing']
  return [...resolvingCalls(older), removal, ['install', '--no-deps', ...requirements[version]]]
}

function pipCalls(version, python) {
  if (python.version !== lockedPython) return resolvingCalls(version)
  return [['install', '--no-deps', '-r', join(lockFolder, `${version}.txt`)]]
}

function requirementList(version, python) {
  if (python.version === lockedPython) return readFileSync(join(lockFolder, `${version}.txt`), 'utf8')
  return resolvingCalls(version).flat().join('\n')
}

/** The folder of an environment; a changed list of requirements gives another folder. */
export function environmentFolder(version) {
  if (!(version in requirements)) throw new Missing(`${titleOf(version)} is not one of ${Object.keys(requirements).join(', ')}.`)
  const python = findPython()
  const identity = [python.version, process.platform, process.arch, requirementList(version, python)].join('\n')
  const hash = createHash('sha256').update(identity).digest('hex').slice(0, 12)
  return join(cacheFolder(), 'python', `${version}-py${python.version}-${hash}`)
}

const isComplete = (folder) => existsSync(join(folder, '.complete'))

function run(command, args, log, onLine = () => {}) {
  return new Promise((resolve, reject) => {
    const env = {
      ...process.env,
      PIP_DISABLE_PIP_VERSION_CHECK: '1',
      PIP_NO_INPUT: '1',
      PIP_PROGRESS_BAR: 'off',
      PYTHONNOUSERSITE: '1',
    }
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let lastError = ''
    const read = (chunk) => {
      log.write(chunk)
      for (const line of chunk.toString().split('\n')) {
        if (/^\s*(ERROR|error):/.test(line)) lastError = line.trim()
        onLine(line)
      }
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(lastError || `exit code ${code}`))))
  })
}

async function callPip(folder, calls, log, onLine) {
  for (const call of calls) await run(join(folder, 'bin', 'python'), ['-m', 'pip', ...call], log, onLine)
}

// An environment is built in place (virtual environments cannot be moved) and counts only once its marker is there.
async function build(version, folder, say) {
  const python = findPython()
  const total = requirementList(version, python)
    .split('\n')
    .filter((line) => /^\w/.test(line)).length
  const locked = python.version === lockedPython
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const logFile = `${folder}.log`
  const log = createWriteStream(logFile)
  const started = Date.now()
  let collected = 0
  say(`${titleOf(version)}: installing ${locked ? `${total} packages` : 'its packages'} for Python ${python.version}, once`)
  const ticker = setInterval(
    () => say(`${titleOf(version)}: ${collected >= total ? 'unpacking' : `${collected} packages fetched`}`),
    20_000,
  )
  try {
    await run(python.command, ['-m', 'venv', folder], log)
    await callPip(folder, pipCalls(version, python), log, (line) => {
      if (line.startsWith('Collecting ')) collected += 1
    })
    writeFileSync(join(folder, '.complete'), `${new Date().toISOString()}\n`)
    say(`${titleOf(version)}: installed in ${Math.round((Date.now() - started) / 1000)} s`)
  } catch (error) {
    throw new Missing(
      `${titleOf(version)} could not be installed for Python ${python.version}: ${error.message} (log: ${logFile})`,
    )
  } finally {
    clearInterval(ticker)
    log.end()
  }
}

async function ensureOne(version, say) {
  const folder = environmentFolder(version)
  if (isComplete(folder)) return
  const work = async () => {
    if (!isComplete(folder)) await build(version, folder, say)
  }
  await withLock(`${folder}.lock`, work, () => say(`${titleOf(version)}: waiting for another run that installs it`))
}

/** Creates the missing environments, two at a time. */
export async function ensurePythonEnvironments(versions, say) {
  findPython()
  const waiting = [...versions].reverse()
  const worker = async () => {
    for (let version = waiting.shift(); version; version = waiting.shift()) await ensureOne(version, say)
  }
  await Promise.all([worker(), worker()])
}

/** The Python of an MLflow version's environment, which must exist. */
export function pythonOf(version) {
  const folder = environmentFolder(version)
  if (!isComplete(folder))
    throw new Missing(`${titleOf(version)} is not installed yet: run node scripts/setup/python-environments.mjs ${version}`)
  return join(folder, 'bin', 'python')
}

// Resolves the requirements again and writes the result.
async function lock(version, say) {
  const python = findPython()
  if (python.version !== lockedPython) throw new Missing(`Lock files are made with Python ${lockedPython}: set PYTHON.`)
  const folder = join(cacheFolder(), 'python', `${version}-resolving`)
  const log = createWriteStream(`${folder}.log`)
  say(`${titleOf(version)}: resolving`)
  rmSync(folder, { recursive: true, force: true })
  await run(python.command, ['-m', 'venv', folder], log)
  await callPip(folder, resolvingCalls(version), log)
  const freeze = spawnSync(join(folder, 'bin', 'python'), ['-m', 'pip', 'freeze', '--all'], { encoding: 'utf8' }).stdout
  const made = `Made by: node scripts/setup/python-environments.mjs --lock ${version}`
  const header = `# Exact versions of ${titleOf(version)}'s environment, for CPython ${lockedPython}. ${made}`
  const lines = freeze.split('\n').filter((line) => line && !line.startsWith('pip=='))
  writeFileSync(join(lockFolder, `${version}.txt`), `${[header, ...lines].join('\n')}\n`)
  rmSync(folder, { recursive: true, force: true })
  log.end()
}

async function main(args) {
  const say = (line) => process.stderr.write(`${line}\n`)
  const locking = args[0] === '--lock'
  const named = locking ? args.slice(1) : args
  const versions = named.length > 0 ? named : mlflowVersions
  try {
    if (locking) for (const version of versions) await lock(version, say)
    else await ensurePythonEnvironments(versions, say)
    for (const version of versions) if (!locking) console.log(`${version}\t${pythonOf(version)}`)
  } catch (error) {
    if (!(error instanceof Missing)) throw error
    say(error.message)
    process.exitCode = 1
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2))
