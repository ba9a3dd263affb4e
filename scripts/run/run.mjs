// Behind every npm script: installs what is missing, then runs the task on a current Node. Plain JavaScript for Node 20, no dependencies.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { ensureChromium } from '../setup/chromium.mjs'
import { currentNode, ensureBuilt, ensureDependencies, root } from '../setup/ensure.mjs'
import { findPython } from '../setup/find-python.mjs'
import { ensureHaproxy } from '../setup/haproxy.mjs'
import { ensureJavaClient } from '../setup/java.mjs'
import { Missing } from '../setup/missing.mjs'
import {
  ensurePythonEnvironments,
  integrationEnvironments,
  mlflowVersions,
  toolEnvironments,
} from '../setup/python-environments.mjs'

const onlyFull = process.env.ENV_PROXY_TESTS === 'full' ? integrationEnvironments : []

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
}

const say = (line) => process.stderr.write(`${line}\n`)

async function prepare({ built, pythons, others = false }) {
  if (pythons.length > 0) findPython() // before the long steps
  await ensureDependencies(say)
  if (built) await ensureBuilt(say)
  if (pythons.length > 0) await ensurePythonEnvironments(pythons, say)
  if (others) await prepareOthers()
}

// Single tests need these: without them all others can run all the same.
async function prepareOthers() {
  for (const ensure of [ensureChromium, ensureHaproxy, ensureJavaClient]) {
    try {
      await ensure(say)
    } catch (error) {
      if (!(error instanceof Missing)) throw error
      say(`${error.message} Until then the tests that need it fail.`)
    }
  }
}

function start({ script }, args) {
  const { node, env } = currentNode()
  const child = spawn(node, [join(root, script), ...args], { cwd: root, env, stdio: 'inherit' })
  // Ctrl-C reaches the child by itself too (same process group): the tasks take a second SIGINT as the first.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal ? 1 : 0)
  })
}

async function main([name, ...args]) {
  const task = tasks[name]
  try {
    if (!task) throw new Missing(`Usage: node scripts/run/run.mjs ${Object.keys(tasks).join('|')} [ARGUMENT...]`)
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
