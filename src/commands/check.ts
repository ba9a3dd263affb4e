import { Command } from 'commander'
import { describeConfig } from '../server/config/config-summary.ts'
import type { Shell } from './shell.ts'
import { configOption, withConfig } from './with-config.ts'

/** Explains what the configuration means, or lists everything that is wrong with it. */
export function checkCommand(shell: Shell): Command {
  return new Command('check')
    .summary('say what the configuration means, or every problem in it')
    .description('Says what the configuration means, or every problem in it. It asks nothing of MLflow.')
    .addOption(configOption().makeOptionMandatory())
    .action(
      shell.action(({ config: file }: { config: string }) =>
        withConfig(shell, file, (config) => {
          shell.terminal.out(describeConfig(config))
          return 0
        }),
      ),
    )
}
