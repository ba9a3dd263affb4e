import { ConfigError } from '../server/config/config-problem.ts'
import type { Terminal } from './terminal.ts'

/** Writes every problem of a configuration, one a line, and returns exit code 1. Any other error is thrown on. */
export function reportProblems(error: unknown, terminal: Terminal): number {
  if (!(error instanceof ConfigError)) throw error
  const count = error.problems.length
  terminal.err(`${error.message}\n${count} problem${count === 1 ? '' : 's'} in the configuration\n`)
  return 1
}
