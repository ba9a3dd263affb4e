import { Command, InvalidArgumentError } from 'commander'
import { readConfig } from '../server/config/config.ts'
import type { ConfigSource } from '../server/reload/reload-on.ts'
import type { Shell, Terminal } from './shell.ts'
import { configOption, withConfig } from './with-config.ts'

async function serve(source: ConfigSource, terminal: Terminal): Promise<number> {
  // What one process does not need is not loaded.
  const { workers } = source.first.config
  const main = workers === 1 ? await import('../server/main.ts') : await import('../server/workers/primary.ts')
  const { StartError } = await import('../server/network/start-error.ts')
  try {
    await main.serve(source)
    return 0
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    terminal.err(`mlflow-env-proxy: ${error.message}\n`)
    return 1
  }
}

function readCount(text: string): string {
  if (!/^[1-9][0-9]*$/.test(text)) throw new InvalidArgumentError('Write a whole number, 1 or more.')
  return text
}

/** Starts the proxy, which keeps running after the command has returned. */
export function serveCommand(shell: Shell): Command {
  return new Command('serve')
    .description(
      'Runs the proxy, until SIGTERM or SIGINT. On SIGHUP, and when the file changes, it reads its configuration anew.',
    )
    .summary('run the proxy')
    .addOption(configOption().makeOptionMandatory())
    .option('--workers <number>', 'how many processes serve requests, in place of what the configuration says', readCount)
    .action(
      shell.action(({ config: file, workers }: { config: string; workers?: string }) => {
        const env = workers === undefined ? shell.env : { ...shell.env, MLFLOW_ENV_PROXY_WORKERS: workers }
        return withConfig({ ...shell, env }, file, (_config, first) =>
          serve({ first, file, read: () => readConfig(file, env) }, shell.terminal),
        )
      }),
    )
}
