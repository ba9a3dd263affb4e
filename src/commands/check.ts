import { Command } from 'commander'
import { lookUpGroups } from '../server/auth/open-directory.ts'
import { describeConfig } from '../server/config/config-summary.ts'
import type { Config } from '../server/config/config-types.ts'
import { describeNetworkError } from '../server/network/network-error.ts'
import type { Shell } from './shell.ts'
import { configOption, withConfig } from './with-config.ts'

/** Explains what the configuration means, or lists everything that is wrong with it. */
export function checkCommand(shell: Shell): Command {
  return new Command('check')
    .summary('say what the configuration means, or every problem in it')
    .description(
      'Says what the configuration means, or every problem in it. It asks nothing of MLflow; with `directory: graph` it looks up the groups.',
    )
    .addOption(configOption().makeOptionMandatory())
    .action(
      shell.action(({ config: file }: { config: string }) =>
        withConfig(shell, file, (config) => {
          shell.terminal.out(describeConfig(config))
          return checkNames(shell, config)
        }),
      ),
    )
}

/** Says which groups the names in the configuration stand for. A directory that cannot be asked is no problem of the configuration. */
async function checkNames({ terminal }: Shell, config: Config): Promise<number> {
  try {
    const found = (await lookUpGroups(config)) ?? []
    const lines = found.filter(({ problem }) => problem === null)
    const said = lines.map(({ name, id }) => `  ${name.padEnd(12)} ${id ?? 'no group; roles of this name in tokens count'}\n`)
    if (said.length > 0) terminal.out(`\nGroups in Microsoft Graph\n${said.join('')}`)
    const problems = found.flatMap(({ problem }) => (problem === null ? [] : [`${problem}\n`]))
    terminal.err(problems.join(''))
    return problems.length === 0 ? 0 : 1
  } catch (error) {
    terminal.out(`\nThe groups were not looked up in Microsoft Graph: ${describeNetworkError(error)}\n`)
    return 0
  }
}
