import { parseArgs } from 'node:util'
import { loadConfig } from '../server/config/config.ts'
import type { Config } from '../server/config/config-types.ts'
import { readSecretFile } from '../server/config/secret-file.ts'
import { examine } from '../server/doctor/examine.ts'
import { describeFindings, printFindings } from '../server/doctor/finding.ts'
import { reportProblems } from './report-problems.ts'
import type { Terminal } from './terminal.ts'

const usage = `Usage: mlflow-env-proxy doctor --config FILE [--token-file FILE] [--json]

Looks at the MLflow behind the proxy, and says what is misconfigured there and what to do about it. It reads only.
With the token of a caller in a file also what the proxy makes of them, and what they could do without it.
Exit code 0: no problems, 1: problems.
`

interface Asked {
  readonly config: string
  readonly tokenFile: string | null
  readonly json: boolean
}

function readAsked(args: readonly string[]): Asked | null {
  const options = {
    config: { type: 'string', short: 'c' },
    'token-file': { type: 'string' },
    json: { type: 'boolean', default: false },
  } as const
  try {
    const { values } = parseArgs({ args: [...args], options })
    if (!values.config) return null
    return { config: values.config, tokenFile: values['token-file'] ?? null, json: values.json }
  } catch {
    return null
  }
}

function readToken(file: string | null, terminal: Terminal): { token: string | null } | null {
  try {
    return { token: file === null ? null : readSecretFile(file) }
  } catch (error) {
    terminal.err(`mlflow-env-proxy: ${error instanceof Error ? error.message : String(error)}\n`)
    return null
  }
}

/** Says what is wrong between a configuration and the upstream. Returns the exit code. */
export async function doctor(args: readonly string[], env: NodeJS.ProcessEnv, terminal: Terminal): Promise<number> {
  const asked = readAsked(args)
  if (asked === null) {
    terminal.err(usage)
    return 2
  }
  const caller = readToken(asked.tokenFile, terminal)
  if (caller === null) return 2
  let config: Config
  try {
    config = loadConfig(asked.config, env)
  } catch (error) {
    return reportProblems(error, terminal)
  }
  const context = await examine(config, caller.token)
  terminal.out(asked.json ? printFindings(context) : describeFindings(context))
  return context.some(({ weight }) => weight === 'problem') ? 1 : 0
}
