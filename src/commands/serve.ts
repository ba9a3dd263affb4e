import { Command } from 'commander'
import { readConfig } from '../server/config/config.ts'
import type { ConfigSource } from '../server/main.ts'
import type { Shell, Terminal } from './shell.ts'
import { configOption, withConfig } from './with-config.ts'

async function serve(source: ConfigSource, terminal: Terminal): Promise<number> {
  const main = await import('../server/main.ts')
  const { ListenError } = await import('../server/http/listen.ts')
  try {
    await main.serve(source)
    return 0
  } catch (error) {
    if (!(error instanceof ListenError)) throw error
    terminal.err(`mlflow-env-proxy: ${error.message}\n`)
    return 1
  }
}

/** Starts the proxy, which keeps running after the command has returned. */
export function serveCommand(shell: Shell): Command {
  return new Command('serve')
    .description(
      'Runs the proxy, until SIGTERM or SIGINT. On SIGHUP, and when the file changes, it reads its configuration anew.',
    )
    .summary('run the proxy')
    .addOption(configOption().makeOptionMandatory())
    .action(
      shell.action(({ config: file }: { config: string }) =>
        withConfig(shell, file, (_config, first) =>
          serve({ first, file, read: () => readConfig(file, shell.env) }, shell.terminal),
        ),
      ),
    )
}
