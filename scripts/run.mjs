// Behind every npm script: installs what is missing, then runs the task on a current Node. Plain JavaScript for Node 20, no dependencies.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { currentNode, ensureBuilt, ensureDependencies, root } from './ensure.mjs'
import { Missing } from './missing.mjs'
import { ensurePythonEnvironments, findPython, mlflowVersions, pythonOf } from './python-environments.mjs'

const demoVersion = '3.17.2'

// What each task needs besides the npm packages, and the script that is the task.
const tasks = {
  test: { script: 'scripts/run-tests.mjs', built: true, mlflow: mlflowVersions },
  demo: { script: 'dist/cli.js', first: ['demo'], built: true, mlflow: [demoVersion] },
  check: { script: 'scripts/run-checks.mjs', built: false, mlflow: [] },
}

const say = (line) => process.stderr.write(`${line}\n`)

async function prepare({ built, mlflow }) {
  if (mlflow.length > 0) findPython() // before the long steps
  await ensureDependencies(say)
  if (built) await ensureBuilt(say)
  if (mlflow.length > 0) await ensurePythonEnvironments(mlflow, say)
}

function start({ script, first = [], mlflow }, args) {
  const { node, env } = currentNode()
  const python = mlflow.length > 0 ? { ENV_PROXY_PYTHON: pythonOf(mlflow.at(-1)) } : {}
  const child = spawn(node, [join(root, script), ...first, ...args], { cwd: root, env: { ...env, ...python }, stdio: 'inherit' })
  // Ctrl-C reaches the child by itself (same process group); what only this process is sent is passed on.
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  process.on('SIGINT', () => {})
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal ? 1 : 0)
  })
}

async function main([name, ...args]) {
  const task = tasks[name]
  try {
    if (!task) throw new Missing(`Usage: node scripts/run.mjs ${Object.keys(tasks).join('|')} [ARGUMENT...]`)
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
