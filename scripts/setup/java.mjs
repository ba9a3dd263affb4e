// The Java client of the tests: a JDK, and MLflow's jars, shared by all checkouts of a user. Plain JavaScript for Node 20, no dependencies.
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

const pom = fileURLToPath(new URL('./java/pom.xml', import.meta.url))
const advice =
  'A JDK (11 or newer) and Maven were not found: install them (Debian: apt-get install default-jdk-headless maven), or name the JDK with JAVA_HOME.'

/** The path of a program of the JDK: in $JAVA_HOME, otherwise on the PATH; null if there is none. */
export function findInJdk(name) {
  if (!process.env.JAVA_HOME) return onPath(name)
  const path = join(process.env.JAVA_HOME, 'bin', name)
  return isProgram(path) ? path : null
}

/** The folder of the client's jars, one per version. */
export function jarsFolder() {
  const hash = createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 12)
  return join(cacheFolder(), 'java', `mlflow-client-${hash}`)
}

/** Whether the client's jars have been fetched. */
export const hasJars = () => existsSync(join(jarsFolder(), '.complete'))
const hasJdk = () => findInJdk('javac') !== null && findInJdk('java') !== null

async function fetchJars(say) {
  const folder = jarsFolder()
  say("Maven: fetching MLflow's Java client, once")
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${folder}`]
  const args = ['--batch-mode', '--quiet', '-Dstyle.color=never', '--file', pom, ...goal]
  await promisify(execFile)('mvn', args).catch(({ message, stdout = '', stderr = '' }) => {
    const logFile = `${folder}.log`
    writeFileSync(logFile, `${stdout}\n${stderr}`)
    const cause = stdout.split('\n').find((line) => line.includes('[ERROR]')) ?? message
    throw new Missing(`MLflow's Java client could not be fetched: ${cause.trim()} (log: ${logFile})`)
  })
  writeFileSync(join(folder, '.complete'), `${new Date().toISOString()}\n`)
}

/** Installs a JDK and Maven if they are missing and this user may, and downloads the client's jars; otherwise throws what to do, in one line. */
export async function ensureJavaClient(say) {
  ensureFromDebian(
    {
      isThere: () => hasJdk() && (hasJars() || onPath('mvn') !== null),
      isNamed: Boolean(process.env.JAVA_HOME),
      packages: ['default-jdk-headless', 'maven'],
      doing: "installing a JDK and Maven for the tests of MLflow's Java client",
      advice,
    },
    say,
  )
  if (hasJars()) return
  await withLock(`${jarsFolder()}.lock`, async () => {
    if (!hasJars()) await fetchJars(say)
  })
}
