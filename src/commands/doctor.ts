import { Command } from 'commander'
import { examine } from '../server/doctor/examine.ts'
import { describeFindings, printFindings } from '../server/doctor/finding.ts'
import type { Shell } from './shell.ts'
import { tokenOption } from './token-option.ts'
import { configOption, withConfig } from './with-config.ts'

interface Asked {
  readonly config: string
  /** The token of a caller. */
  readonly tokenFile?: string
  readonly json?: true
}

/** Reports what is wrong between a configuration and the upstream. */
export function doctorCommand(shell: Shell): Command {
  const doctor = ({ config: file, tokenFile: token, json }: Asked) =>
    withConfig(shell, file, async (config) => {
      const findings = await examine(config, token ?? null)
      shell.terminal.out(json ? printFindings(findings) : describeFindings(findings))
      return findings.some(({ weight }) => weight === 'problem') ? 1 : 0
    })
  return new Command('doctor')
    .summary('what is misconfigured in the MLflow behind the proxy, and what to do')
    .description(
      'Looks at the MLflow behind the proxy, and says what is misconfigured there and what to do about it. It reads only.\n' +
        'With the token of a caller in a file also what the proxy makes of them, and what they could do without it.\n' +
        'Exit code 0: no problems, 1: problems.',
    )
    .addOption(configOption().makeOptionMandatory())
    .addOption(tokenOption("a caller's token"))
    .option('--json', 'for programs')
    .action(shell.action(doctor))
}
