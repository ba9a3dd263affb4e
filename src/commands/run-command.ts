import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { check } from './check.ts'
import { demo } from './demo.ts'
import { doctor } from './doctor.ts'
import { explain } from './explain.ts'
import { routes } from './routes.ts'
import { serve } from './serve.ts'
import type { Terminal } from './terminal.ts'

const commands = { serve, check }

const help = `Usage: mlflow-env-proxy <command> --config FILE

Commands
  serve   run the proxy
  check   say what the configuration means, or every problem in it (exit code 1)
  doctor  what is misconfigured in the MLflow behind the proxy, and what to do (--token-file FILE, --json)
  explain what would happen to a request, and why (--help by leaving out its arguments)
  routes  every route of MLflow's servers, open or closed (--upstream-version X), or of a workspace (--upstream-kind databricks or unityCatalog)
  demo    in a checkout: show what the proxy does, with a real MLflow (--keep leaves it running)

Options
  -c, --config FILE   the configuration, YAML
  -h, --help          this text
  -v, --version       the version

Environment variables such as MLFLOW_ENV_PROXY_UPSTREAM__URL override the file.
`

/** Runs one command line. Returns the exit code: 0, 1 for a wrong configuration, 2 for a wrong command line. */
export async function runCommand(args: readonly string[], env: NodeJS.ProcessEnv, terminal: Terminal): Promise<number> {
  if (args[0] === 'demo') return demo(args.slice(1), terminal)
  if (args[0] === 'routes') return routes(args.slice(1), env, terminal)
  if (args[0] === 'doctor') return doctor(args.slice(1), env, terminal)
  if (args[0] === 'explain') return explain(args.slice(1), env, terminal)
  const line = readLine(args)
  if (typeof line === 'string') return misuse(line, terminal)
  if (line.help) return say(help, terminal)
  if (line.version) return say(`${readVersion()}\n`, terminal)
  const [name, ...rest] = line.words
  if (name === undefined) return misuse('which command? Write serve or check', terminal)
  const command = Object.entries(commands).find(([known]) => known === name)?.[1]
  if (command === undefined) return misuse(`there is no command \`${name}\`; write serve or check`, terminal)
  if (rest.length > 0) return misuse(`\`${rest.join(' ')}\` is too much; write ${name} --config FILE`, terminal)
  if (line.config === undefined) return misuse(`which configuration? Write ${name} --config FILE`, terminal)
  return command(line.config, env, terminal)
}

interface Line {
  readonly words: readonly string[]
  readonly config: string | undefined
  readonly help: boolean
  readonly version: boolean
}

function readLine(args: readonly string[]): Line | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        config: { type: 'string', short: 'c' },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', short: 'v', default: false },
      },
    })
    return { words: positionals, config: values.config, help: values.help, version: values.version }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function say(text: string, terminal: Terminal): number {
  terminal.out(text)
  return 0
}

function misuse(message: string, terminal: Terminal): number {
  terminal.err(`mlflow-env-proxy: ${message}\n\n${help}`)
  return 2
}

/** The version of the package that this file belongs to, in a checkout and when installed. */
function readVersion(): string {
  const content: { version: string } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return content.version
}
