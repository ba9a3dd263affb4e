import { InvalidArgumentError, Option } from 'commander'
import { plural } from '../policy/plural.ts'
import { type Loaded, type Reading, readConfig } from '../server/config/config.ts'
import { ConfigError } from '../server/config/config-problem.ts'
import type { Config } from '../server/config/config-types.ts'
import type { Shell } from './shell.ts'

/** `--config FILE`, which most commands require. */
export const configOption = () => new Option('-c, --config <file>', 'the configuration, YAML').argParser(readFileName)

/** Runs a function with a configuration and returns its exit code; or prints every problem of the file, one per line, and returns 1. */
export async function withConfig(
  { env, terminal }: Shell,
  file: string,
  work: (config: Config, loaded: Loaded) => number | Promise<number>,
  reading?: Reading,
): Promise<number> {
  let loaded: Loaded
  try {
    loaded = readConfig(file, env, reading)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    terminal.err(`${error.message}\n${plural(error.problems.length, 'problem')} in the configuration\n`)
    return 1
  }
  return work(loaded.config, loaded)
}

function readFileName(file: string): string {
  if (file === '') throw new InvalidArgumentError('Name a file.')
  return file
}
