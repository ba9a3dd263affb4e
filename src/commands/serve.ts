import { loadConfig } from '../server/config/config.ts'
import type { Config } from '../server/config/config-types.ts'
import { reportProblems } from './report-problems.ts'
import type { Terminal } from './terminal.ts'

/** Starts the proxy, which goes on after this returns. Returns the exit code. */
export async function serve(file: string, env: NodeJS.ProcessEnv, terminal: Terminal): Promise<number> {
  let config: Config
  try {
    config = loadConfig(file, env)
  } catch (error) {
    return reportProblems(error, terminal)
  }
  const main = await import('../server/main.ts')
  try {
    await main.serve(config)
    return 0
  } catch (error) {
    if (!(error instanceof main.ListenError)) throw error
    terminal.err(`mlflow-env-proxy: ${error.message}\n`)
    return 1
  }
}
