import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Command } from 'commander'
import type { Shell, Terminal } from './shell.ts'

async function demo(options: Readonly<Record<string, boolean>>, terminal: Terminal): Promise<number> {
  // This program is src/cli.ts or dist/cli.js.
  const launcher = join(dirname(realpathSync(process.argv[1] ?? '.')), '..', 'scripts', 'run', 'run.mjs')
  if (!existsSync(launcher)) {
    terminal.err('mlflow-env-proxy: the demo is part of the source code only; in a checkout, write npm run demo\n')
    return 1
  }
  const child = spawn(process.execPath, [launcher, 'demo', ...Object.keys(options).map((name) => `--${name}`)], {
    stdio: 'inherit',
  })
  // The demo cleans up after itself; this process waits for it, and forwards signals that only it received.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  const [code] = await once(child, 'exit')
  return typeof code === 'number' ? code : 1
}

/** Runs the demo of the checkout in which this program was built; an installed program has none. */
export function demoCommand(shell: Shell): Command {
  return new Command('demo')
    .summary('in a checkout: show what the proxy does, with a real MLflow')
    .description('Starts a real MLflow, a stand-in for Entra ID and the proxy, and runs one MLflow script as three environments.')
    .option('--databricks', 'the same before a stand-in for an Azure Databricks workspace')
    .option('--keep', 'leave it running, until Ctrl-C, and say how to try it')
    .action(shell.action((options: Record<string, boolean>) => demo(options, shell.terminal)))
}
