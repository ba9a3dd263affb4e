import { Command } from 'commander'
import type { Config } from '../server/config/config-types.ts'
import type { Shell, Terminal } from './shell.ts'
import { configOption, withConfig } from './with-config.ts'

async function serve(config: Config, terminal: Terminal): Promise<number> {
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

/** Starts the proxy, which keeps running after the command has returned. */
export function serveCommand(shell: Shell): Command {
  return new Command('serve')
    .description('Runs the proxy, until SIGTERM or SIGINT.')
    .summary('run the proxy')
    .addOption(configOption().makeOptionMandatory())
    .action(
      shell.action((options: { config: string }) => withConfig(shell, options.config, (config) => serve(config, shell.terminal))),
    )
}
