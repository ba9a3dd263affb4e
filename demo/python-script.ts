import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { mlflowVersions, pythonOf } from '../scripts/setup/python-environments.mjs'
import { startProgram } from '../test/harness/program.ts'

/** The MLflow version of the demo's server and clients. */
export const mlflowVersion = mlflowVersions.at(-1) ?? 'none'

const limitSeconds = 120

/** The address and the identity with which a script runs. */
export interface Standpoint {
  readonly uri: string
  readonly token?: string
  /** Additional environment variables. */
  readonly env?: Readonly<Record<string, string>>
}

function environmentOf(python: string, home: string, { uri, token, env }: Standpoint): NodeJS.ProcessEnv {
  const quiet = { GIT_PYTHON_REFRESH: 'quiet', DO_NOT_TRACK: 'true', PYTHONWARNINGS: 'ignore' }
  const own = { PATH: `${dirname(python)}:${process.env.PATH ?? ''}`, HOME: home, TMPDIR: home, LANG: 'C.UTF-8' }
  return { ...own, ...quiet, MLFLOW_TRACKING_URI: uri, ...(token === undefined ? {} : { MLFLOW_TRACKING_TOKEN: token }), ...env }
}

/** Runs a script of this folder with an unmodified MLflow client and returns its output. Rejects with the output if the script fails. */
export async function runScript(script: string, standpoint: Standpoint, args: readonly string[] = []): Promise<string> {
  const python = pythonOf(mlflowVersion)
  const home = mkdtempSync(join(tmpdir(), 'client-'))
  const file = fileURLToPath(new URL(script, import.meta.url))
  const program = startProgram(python, [file, ...args], { cwd: home, env: environmentOf(python, home, standpoint) })
  const end = Date.now() + limitSeconds * 1000
  while (program.isRunning() && Date.now() < end) await sleep(20)
  const late = program.isRunning()
  await program.close()
  const output = program.logs()
  if (late) throw new Error(`${script} took more than ${limitSeconds} s:\n${output.slice(-2000)}`)
  if (!output.includes('the program ended with code 0')) throw new Error(`${script} failed:\n${output.slice(-2000)}`)
  return output
}

/** Runs a script that writes JSON to the file named by its first argument, and returns the text. */
export async function askScript(script: string, standpoint: Standpoint, args: readonly string[] = []): Promise<string> {
  const file = join(mkdtempSync(join(tmpdir(), 'answer-')), 'answer.json')
  await runScript(script, standpoint, [file, ...args])
  return readFileSync(file, 'utf8')
}
