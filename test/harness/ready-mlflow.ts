import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { RunningProgram } from './program.ts'

/** The socket of a process that has MLflow's modules loaded: a run of many tests has one for some versions (scripts/run/ready-mlflow.mjs). */
export function readyMlflow(version: string): string | null {
  const folder = process.env.ENV_PROXY_READY_MLFLOW
  const path = folder === undefined ? null : join(folder, version)
  return path !== null && existsSync(path) ? path : null
}

/** `mlflow` with these arguments, in a process that begins with the modules loaded. It ends with this process. */
export function startReadyMlflow(
  path: string,
  args: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): RunningProgram {
  const socket = connect({ path, allowHalfOpen: true })
  let logs = ''
  let running = true
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      running = false
      resolve()
    })
  })
  socket.setEncoding('utf8').on('data', (text) => (logs += text))
  socket.on('error', (error) => (logs += error.message))
  socket.write(`${JSON.stringify({ args, cwd, env })}\n`)
  return {
    logs: () => logs,
    isRunning: () => running,
    // The process group ends with the connection, and the connection with its last process.
    async close() {
      socket.end()
      await closed
    },
  }
}
