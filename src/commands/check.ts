import { loadConfig } from '../server/config/config.ts'
import { describeConfig } from '../server/config/config-summary.ts'
import { reportProblems } from './report-problems.ts'
import type { Terminal } from './terminal.ts'

/** Says what the configuration means, or everything that is wrong with it. Returns the exit code. */
export function check(file: string, env: NodeJS.ProcessEnv, terminal: Terminal): number {
  try {
    terminal.out(describeConfig(loadConfig(file, env)))
    return 0
  } catch (error) {
    return reportProblems(error, terminal)
  }
}
