import { Command, Option } from 'commander'
import { withoutTrailing } from '../policy/names/trailing.ts'
import { readSecretFile } from '../server/config/secret-file.ts'
import { describeNetworkError } from '../server/network/network-error.ts'
import type { Shell } from './shell.ts'

interface Asked {
  readonly from: string
  readonly to: string
  readonly approve?: true
  readonly decline?: true
  readonly withdraw?: true
  readonly show?: true
  readonly url?: string
  readonly tokenFile?: string
  readonly caFile?: string
  readonly json?: true
}

function stepOf({ approve, decline, withdraw, show }: Asked) {
  if (show) return null
  if (approve) return 'approve'
  if (decline) return 'decline'
  return withdraw ? 'withdraw' : 'ask'
}

/** How a promotion stands, in a sentence. */
function describe(text: string): string {
  const { model, version, from, to, state, promotedAs, asked, approved, unmet } = JSON.parse(text)
  const what = `${model} ${version}, from ${from} to ${to}`
  const lacks = unmet.length === 0 || state === 'promoted' ? '' : `It cannot be promoted yet: ${unmet.join('; ')}.\n`
  if (state === 'promoted') return `${what}: promoted, it is version ${promotedAs} there.\n`
  if (state === 'open') return `${what}: nobody has requested it.\n${lacks}`
  const asking = `asked for by ${asked.by}, ${asked.at}`
  if (state === 'asked') return `${what}: waits for approval; ${asking}.\n${lacks}`
  return `${what}: approved by ${approved.by}, ${approved.at}, and not completed; ${asking}.\n${lacks}`
}

async function promote(shell: Shell, model: string, version: string, asked: Asked): Promise<number> {
  const { askToPromote } = await import('../server/promotions/promote-client.ts')
  const { readProxySettings } = await import('../server/config/proxy-settings.ts')
  const { env, terminal } = shell
  const address = asked.url ?? env.MLFLOW_TRACKING_URI ?? ''
  const fail = (text: string) => {
    terminal.err(`${text}\n`)
    return 1
  }
  if (!/^https?:\/\//.test(address) || !URL.canParse(address))
    return fail('--url: is missing; write the address of the proxy, or set MLFLOW_TRACKING_URI')
  const { settings, findings } = readProxySettings(env)
  if (findings.length > 0) return fail(findings.map(({ message }) => message).join('\n'))
  try {
    const token = asked.tokenFile === undefined ? (env.MLFLOW_TRACKING_TOKEN ?? null) : readSecretFile(asked.tokenFile)
    const client = {
      url: withoutTrailing(address, '/').replace(/\/env\/[a-z0-9-]+$/, ''),
      token,
      outbound: { ...settings, caFile: asked.caFile ?? null },
    }
    const named = { from: asked.from, to: asked.to, model, version }
    const { text, refusal } = await askToPromote(client, named, stepOf(asked))
    if (refusal !== null) return fail(refusal)
    terminal.out(asked.json ? `${text}\n` : describe(text))
    return 0
  } catch (error) {
    return fail(error instanceof Error ? describeNetworkError(error) : String(error))
  }
}

/** Asks the proxy to promote a version, approves it, or says how it stands. */
export function promoteCommand(shell: Shell): Command {
  const steps = ['approve', 'decline', 'withdraw', 'show'] as const
  const option = (name: (typeof steps)[number], text: string) =>
    new Option(`--${name}`, text).conflicts(steps.filter((other) => other !== name))
  return new Command('promote')
    .summary('get a model version from one environment into another one, by a rule of the proxy')
    .description(
      'Asks a running proxy to promote a version; somebody in an approver’s group then approves it, and the proxy copies it. Doing any of it\n' +
        'again changes nothing, and completes what was interrupted. The token is that of MLFLOW_TRACKING_TOKEN, or of a file; the address is\n' +
        'that of MLFLOW_TRACKING_URI. Exit code 0: done, 1: refused or failed.',
    )
    .argument('<model>', 'the name of the registered model, as callers of the environment write it')
    .argument('<version>', 'the number of the version')
    .requiredOption('--from <environment>', 'where the version is')
    .requiredOption('--to <environment>', 'where it is to be')
    .addOption(option('approve', 'approve what somebody asked for'))
    .addOption(option('decline', 'decline it'))
    .addOption(option('withdraw', 'take back what was asked for'))
    .addOption(option('show', 'show its state, and change nothing'))
    .option('--url <url>', 'the proxy, instead of MLFLOW_TRACKING_URI')
    .option('--token-file <file>', 'a file with a token, instead of MLFLOW_TRACKING_TOKEN')
    .option('--ca-file <file>', 'certificate authorities that are trusted in addition, PEM')
    .option('--json', 'for programs')
    .action(shell.action((model: string, version: string, asked: Asked) => promote(shell, model, version, asked)))
}
