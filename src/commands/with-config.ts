import { Option } from 'commander'
import { loadConfig } from '../server/config/config.ts'
import { ConfigError } from '../server/config/config-problem.ts'
import type { Config } from '../server/config/config-types.ts'
import type { Shell } from './shell.ts'

/** `--config FILE`, which most commands must have. */
export const configOption = () => new Option('-c, --config <file>', 'the configuration, YAML')

/** Does something with a configuration and returns its exit code; or writes every problem of the file, one a line, and returns 1. */
export async function withConfig(
  { env, terminal }: Shell,
  file: string,
  work: (config: Config) => number | Promise<number>,
): Promise<number> {
  let config: Config
  try {
    config = loadConfig(file, env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const count = error.problems.length
    terminal.err(`${error.message}\n${count} problem${count === 1 ? '' : 's'} in the configuration\n`)
    return 1
  }
  return work(config)
}
