// For a run of many tests: processes that have MLflow's modules loaded, of which servers are forked (test/harness/ready-mlflow.py).
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../setup/ensure.mjs'
import { pythonOf } from '../setup/python-environments.mjs'

/** Starts one for each version. Gives the folder of their sockets, named by version, and what ends them; they also end with this process. */
export function startReadyMlflow(versions) {
  const folder = mkdtempSync(join(tmpdir(), 'ready-mlflow-'))
  const env = { ...process.env, GIT_PYTHON_REFRESH: 'quiet', DO_NOT_TRACK: 'true' }
  const children = versions.map((version) => {
    const args = [join(root, 'test', 'harness', 'ready-mlflow.py'), join(folder, version)]
    return spawn(pythonOf(version), args, { env, stdio: ['pipe', 'ignore', 'ignore'] })
  })
  const close = () => {
    for (const child of children) child.stdin.end()
    rmSync(folder, { recursive: true, force: true })
  }
  return { folder, close }
}
