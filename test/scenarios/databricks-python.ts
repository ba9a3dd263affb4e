import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { pythonOf } from '../../scripts/setup/python-environments.mjs'
import { type Fields, objectOf } from '../fakes/workspace/call.ts'
import { startProgram } from '../harness/program.ts'

/** A client in Databricks mode: it is told a host and a token, and finds everything else itself. */
export interface DatabricksClient {
  /** An MLflow version, or `databricks` for the SDK. */
  readonly environment: string
  /** File in test/databricks/clients. */
  readonly script: string
  readonly host?: string
  readonly token?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a client in a home of its own, and gives the JSON objects that it printed. Throws with its output where there is none. */
export async function runDatabricksClient({ environment, script, host, token, env }: DatabricksClient): Promise<Fields[]> {
  const python = pythonOf(environment)
  const home = mkdtempSync(join(tmpdir(), 'databricks-client-'))
  const file = fileURLToPath(new URL(`./databricks/${script}`, import.meta.url))
  const plain = { PATH: `${dirname(python)}:${process.env.PATH ?? ''}`, LANG: 'C.UTF-8', HOME: home, TMPDIR: home }
  const quiet = { PYTHONDONTWRITEBYTECODE: '1', GIT_PYTHON_REFRESH: 'quiet', DO_NOT_TRACK: 'true', NO_PROXY: '127.0.0.1' }
  const mode = {
    MLFLOW_TRACKING_URI: 'databricks',
    ...(host === undefined ? {} : { DATABRICKS_HOST: host }),
    ...(token === undefined ? {} : { DATABRICKS_TOKEN: token }),
    MLFLOW_HTTP_REQUEST_MAX_RETRIES: '1',
  }
  const program = startProgram(python, [file], { cwd: home, env: { ...plain, ...quiet, ...mode, ...env } })
  try {
    for (const end = Date.now() + 100_000; program.isRunning() && Date.now() < end; ) await sleep(50)
    await program.close()
    const lines = program
      .logs()
      .split('\n')
      .filter((line) => line.startsWith('{'))
    if (lines.length === 0) throw new Error(`${script} in ${environment} failed:\n${program.logs().slice(-4000)}`)
    return lines.map((line) => objectOf(JSON.parse(line)))
  } finally {
    await program.close()
    rmSync(home, { recursive: true, force: true, maxRetries: 3 })
  }
}
