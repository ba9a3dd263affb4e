// The Java clients of the tests: a JDK, and the jars of MLflow, alone and with azure-identity, shared by all checkouts of a user. Plain JavaScript for Node 20, no dependencies.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { withLock } from './lock.mjs'
import { Missing } from './missing.mjs'
import { ensureFromDebian, isProgram, onPath } from './programs.mjs'
import { cacheFolder } from './python-environments.mjs'

/** The folders in which Maven finds what to fetch. */
const kinds = { 'mlflow-client': 'pom.xml', 'azure-identity': 'azure-identity.xml' }
const pomOf = (kind) => fileURLToPath(new URL(`./java/${kinds[kind]}`, import.meta.url))
const advice =
  'A JDK (11 or newer) and Maven were not found: install them (Debian: apt-get install default-jdk-headless maven), or name the JDK with JAVA_HOME.'

/** The path of a program of the JDK: in $JAVA_HOME, otherwise on the PATH; null if there is none. */
export function findInJdk(name) {
  if (!process.env.JAVA_HOME) return onPath(name)
  const path = join(process.env.JAVA_HOME, 'bin', name)
  return isProgram(path) ? path : null
}

/** The folder of a client's jars, one per version. */
export function jarsFolder(kind = 'mlflow-client') {
  const hash = createHash('sha256')
    .update(readFileSync(pomOf(kind)))
    .digest('hex')
    .slice(0, 12)
  return join(cacheFolder(), 'java', `${kind}-${hash}`)
}

/** Whether a client's jars have been fetched. */
export const hasJars = (kind = 'mlflow-client') => existsSync(join(jarsFolder(kind), '.complete'))
const hasJdk = () => findInJdk('javac') !== null && findInJdk('java') !== null

async function fetchJars(say, kind) {
  const folder = jarsFolder(kind)
  say(`Maven: fetching the jars of ${kind}, once`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${folder}`]
  const args = ['--batch-mode', '--quiet', '-Dstyle.color=never', '--file', pomOf(kind), ...goal]
  await promisify(execFile)('mvn', args).catch(({ message, stdout = '', stderr = '' }) => {
    const logFile = `${folder}.log`
    writeFileSync(logFile, `${stdout}\n${stderr}`)
    const cause = stdout.split('\n').find((line) => line.includes('[ERROR]')) ?? message
    throw new Missing(`the jars of ${kind} could not be fetched: ${cause.trim()} (log: ${logFile})`)
  })
  writeFileSync(join(folder, '.complete'), `${new Date().toISOString()}\n`)
}

/** Installs a JDK and Maven if they are missing and this user may, and downloads a client's jars; otherwise throws what to do, in one line. */
export async function ensureJavaClient(say, kind = 'mlflow-client') {
  ensureFromDebian(
    {
      isThere: () => hasJdk() && (hasJars(kind) || onPath('mvn') !== null),
      isNamed: Boolean(process.env.JAVA_HOME),
      packages: ['default-jdk-headless', 'maven'],
      doing: "installing a JDK and Maven for the tests of MLflow's Java client",
      advice,
    },
    say,
  )
  if (hasJars(kind)) return
  await withLock(`${jarsFolder(kind)}.lock`, async () => {
    if (!hasJars(kind)) await fetchJars(say, kind)
  })
}
