import { Command, CommanderError } from 'commander'
import packageFile from '../../package.json' with { type: 'json' }
import { adoptCommand } from './adopt/adopt.ts'
import { agentCommand } from './agent.ts'
import { auditCommand } from './audit/audit.ts'
import { checkCommand } from './check.ts'
import { demoCommand } from './demo.ts'
import { doctorCommand } from './doctor.ts'
import { explainCommand } from './explain.ts'
import { promoteCommand, promotionsCommand } from './promote.ts'
import { routesCommand } from './routes.ts'
import { serveCommand } from './serve.ts'
import { shadowReportCommand } from './shadow-report.ts'
import type { Shell, Terminal } from './shell.ts'
import { testCommand } from './test.ts'

const commands = [
  serveCommand,
  checkCommand,
  doctorCommand,
  adoptCommand,
  explainCommand,
  testCommand,
  routesCommand,
  auditCommand,
  shadowReportCommand,
  promoteCommand,
  promotionsCommand,
  agentCommand,
  demoCommand,
]

function makeProgram(shell: Shell): Command {
  const { out, err } = shell.terminal
  const program = new Command('mlflow-env-proxy')
    .description('A policy-enforcing reverse proxy that gives one MLflow several isolated environments.')
    .version(packageFile.version, '-v, --version')
    .helpCommand(false)
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError()
    .configureOutput({ writeOut: out, writeErr: err, outputError: (text) => err(text.replace(/^error: /, 'mlflow-env-proxy: ')) })
    .addHelpText(
      'after',
      '\nEnvironment variables such as MLFLOW_ENV_PROXY_UPSTREAM__URL override the configuration.' +
        '\nExit codes: 0 done, 1 it failed or found problems, 2 the command line is wrong; of explain also 3 refused, 4 undecided; of adopt also 3, the plan cannot be performed.',
    )
  for (const make of commands) program.addCommand(make(shell).copyInheritedSettings(program))
  return program
}

/** Runs one command line. Returns the exit code: 0 success, 1 failure or problems found, 2 wrong command line, or more that the command says. */
export async function runCommand(args: readonly string[], env: NodeJS.ProcessEnv, terminal: Terminal): Promise<number> {
  let code = 0
  const action: Shell['action'] =
    (work) =>
    async (...given) => {
      code = await work(...given)
    }
  const program = makeProgram({ env, terminal, action })
  try {
    if (args.length === 0) program.error('error: which command?')
    await program.parseAsync([...args], { from: 'user' })
    return code
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? 0 : 2
  }
}
