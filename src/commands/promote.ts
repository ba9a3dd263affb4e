import { Command, Option } from 'commander'
import { withoutTrailing } from '../policy/names/trailing.ts'
import { readSecretFile } from '../server/config/secret-file.ts'
import { describeNetworkError } from '../server/network/network-error.ts'
import type { Shell } from './shell.ts'

interface Proxy {
  readonly url?: string
  readonly tokenFile?: string
  readonly caFile?: string
  readonly json?: true
}

interface Asked extends Proxy {
  readonly from: string
  readonly to: string
  readonly approve?: true
  readonly decline?: true
  readonly withdraw?: true
  readonly show?: true
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

/** Those that wait, a line each. */
function describeWaiting(text: string): string {
  const { waiting } = JSON.parse(text)
  if (waiting === null) return 'A workspace cannot be searched for what waits: whoever asks says which version it is.\n'
  if (waiting.length === 0) return 'Nothing waits.\n'
  const lines = waiting.map(
    ({
      model,
      version,
      from,
      to,
      state,
      asked,
      may,
    }: Record<string, never> & { asked: Record<string, string>; may: { approve: boolean } }) =>
      `${model} ${version}, from ${from} to ${to}: ${state === 'approved' ? 'approved, and not completed' : may.approve ? 'waits for your approval' : 'waits for approval'}; asked for by ${asked.by}, ${asked.at}`,
  )
  return `${lines.join('\n')}\n`
}

type Client = typeof import('../server/promotions/promote-client.ts')
type Question = (client: Client, proxy: Parameters<Client['askWhatWaits']>[0]) => ReturnType<Client['askWhatWaits']>

/** Asks the proxy, and prints its answer: as it is, or described. */
async function talk(shell: Shell, asked: Proxy, question: Question, describeAnswer: (text: string) => string): Promise<number> {
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
    const { text, refusal } = await question(await import('../server/promotions/promote-client.ts'), client)
    if (refusal !== null) return fail(refusal)
    terminal.out(asked.json ? `${text}\n` : describeAnswer(text))
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
  return withProxy(new Command('promote'))
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
    .action(
      shell.action((model: string, version: string, asked: Asked) => {
        const named = { from: asked.from, to: asked.to, model, version }
        return talk(shell, asked, (client, proxy) => client.askToPromote(proxy, named, stepOf(asked)), describe)
      }),
    )
}

/** Lists the promotions that wait. */
export function promotionsCommand(shell: Shell): Command {
  return withProxy(new Command('promotions'))
    .summary('which versions wait for approval, or for their promotion to be completed')
    .description(
      'Asks a running proxy which promotions wait, of those that the caller may see: of their own environments, and those that they approve.',
    )
    .action(shell.action((asked: Proxy) => talk(shell, asked, (client, proxy) => client.askWhatWaits(proxy), describeWaiting)))
}

/** Adds the options that say where the proxy is, and who asks it. */
function withProxy(command: Command): Command {
  return command
    .option('--url <url>', 'the proxy, instead of MLFLOW_TRACKING_URI')
    .option('--token-file <file>', 'a file with a token, instead of MLFLOW_TRACKING_TOKEN')
    .option('--ca-file <file>', 'certificate authorities that are trusted in addition, PEM')
    .option('--json', 'for programs')
}
