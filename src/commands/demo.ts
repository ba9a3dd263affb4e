import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Terminal } from './terminal.ts'

/** Runs the demo of the checkout that this program was built in; an installed program has none. Returns the exit code. */
export async function demo(args: readonly string[], terminal: Terminal): Promise<number> {
  const launcher = fileURLToPath(new URL('../../scripts/run/run.mjs', import.meta.url))
  if (!existsSync(launcher)) {
    terminal.err('mlflow-env-proxy: the demo is part of the source code only; in a checkout, write npm run demo\n')
    return 1
  }
  const child = spawn(process.execPath, [launcher, 'demo', ...args], { stdio: 'inherit' })
  // The demo cleans up after itself; this process waits for it, and passes on what only it was sent.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  const [code] = await once(child, 'exit')
  return typeof code === 'number' ? code : 1
}
