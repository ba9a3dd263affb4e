// Behind every npm script: installs what is missing, then runs the task on a current Node. Plain JavaScript for Node 20, no dependencies.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { ensureChromium } from '../setup/chromium.mjs'
import { ensureContainers } from '../setup/containers.mjs'
import { ensureCustomResources } from '../setup/custom-resources.mjs'
import { currentNode, ensureBuilt, ensureDependencies, root } from '../setup/ensure.mjs'
import { findPython } from '../setup/find-python.mjs'
import { ensureHaproxy } from '../setup/haproxy.mjs'
import { ensureJavaClient } from '../setup/java.mjs'
import { ensureKubeApiserver } from '../setup/kube-apiserver.mjs'
import { Missing } from '../setup/missing.mjs'
import { ensureNginx } from '../setup/nginx.mjs'
import { ensureOauth2Proxy } from '../setup/oauth2-proxy.mjs'
import { ensureOtelCollector } from '../setup/otel-collector.mjs'
import { ensurePromtool } from '../setup/promtool.mjs'
import {
  ensurePythonEnvironments,
  integrationEnvironments,
  mlflowVersions,
  pythonOf,
  toolEnvironments,
} from '../setup/python-environments.mjs'
import { ensureRedis } from '../setup/redis.mjs'

const isFull = process.env.ENV_PROXY_TESTS === 'full'
const onlyFull = isFull ? integrationEnvironments : []

// What each task needs besides the npm packages, and the script that is the task.
const tasks = {
  test: {
    script: 'scripts/run/run-tests.mjs',
    built: true,
    pythons: [...mlflowVersions, ...toolEnvironments, ...onlyFull],
    others: true,
  },
  demo: { script: 'demo/main.ts', built: true, pythons: mlflowVersions.slice(-1) },
  fuzz: { script: 'fuzz/main.ts', built: true, pythons: mlflowVersions.slice(-2) },
  check: { script: 'scripts/run/run-checks.mjs', built: false, pythons: [] },
  docs: { script: 'scripts/run/build-docs.mjs', built: false, pythons: [] },
  release: { script: 'scripts/release/release.ts', built: true, pythons: ['helm'] },
}

const bench = (name, pythons = [], programs = []) => [
  `bench ${name}`,
  { script: `bench/${name}.ts`, built: true, pythons, programs },
]
// The generators use these interpreters unless others are given.
const generate = (name, pythons = []) => [
  `generate ${name}`,
  { script: `scripts/generate/generate-${name}.ts`, built: false, pythons, describes: true },
]

// Tasks of several parts: `npm run TASK -- PART [ARGUMENT...]`.
const parts = Object.fromEntries([
  bench('compare', mlflowVersions.slice(-1), [ensureNginx, ensureHaproxy]),
  bench('fairness', ['3.17.2']),
  bench('growth'),
  bench('oracles', ['3.18.0']),
  bench('rolling-restart', [], [ensureHaproxy]),
  bench('soak'),
  generate('endpoint-docs'),
  generate('audit'),
  generate('metrics'),
  generate('config-reference'),
  generate('messages', mlflowVersions),
  generate('databricks', ['databricks', ...mlflowVersions]),
  generate('otlp', mlflowVersions.slice(-1)),
])

const say = (line) => process.stderr.write(`${line}\n`)

async function prepare({ built, pythons, programs = [], others = false }) {
  if (pythons.length > 0) findPython() // before the slow steps
  await ensureDependencies(say)
  if (built) await ensureBuilt(say)
  if (pythons.length > 0) await ensurePythonEnvironments(pythons, say)
  for (const ensure of programs) await ensure(say)
  if (others) await prepareOthers()
}

// Some tests need these; all others run without them.
async function prepareOthers() {
  const onlyLong = isFull ? [ensureOauth2Proxy, ensureOtelCollector, ensureKubeApiserver, ensureContainers] : []
  const always = [ensureChromium, ensureHaproxy, ensureRedis, ensureJavaClient, ensurePromtool, ensureCustomResources]
  for (const ensure of [...always, ...onlyLong]) {
    try {
      await ensure(say)
    } catch (error) {
      if (!(error instanceof Missing)) throw error
      say(`${error.message} Until then the tests that need it fail.`)
    }
  }
}

function start({ script, pythons, describes = false }, given) {
  const args = describes && given.length === 0 ? pythons.map(pythonOf) : given
  const { node, env } = currentNode()
  const child = spawn(node, [join(root, script), ...args], { cwd: root, env, stdio: 'inherit' })
  // Ctrl-C reaches the child directly as well (same process group): the tasks treat a second SIGINT like the first.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal ? 1 : 0)
  })
}

function usage(name) {
  const known = Object.keys(parts).filter((part) => part.startsWith(`${name} `))
  if (known.length === 0) return `Usage: node scripts/run/run.mjs ${Object.keys(tasks).join('|')}|bench|generate [ARGUMENT...]`
  return `Usage: npm run ${name} -- ${known.map((part) => part.slice(name.length + 1)).join('|')} [ARGUMENT...]`
}

async function main([name, ...rest]) {
  const part = parts[`${name} ${rest[0]}`]
  const task = part ?? tasks[name]
  const args = part ? rest.slice(1) : rest
  try {
    if (!task) throw new Missing(usage(name))
    if (Number(process.versions.node.split('.')[0]) < 20)
      throw new Missing(`Node 20 or newer is needed; this is ${process.version}.`)
    await prepare(task)
    start(task, args)
  } catch (error) {
    if (!(error instanceof Missing)) throw error
    say(error.message)
    process.exitCode = 1
  }
}

await main(process.argv.slice(2))
