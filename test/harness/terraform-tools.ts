import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { pythonOf } from '../../scripts/setup/python-environments.mjs'

const script = fileURLToPath(new URL('terraform.py', import.meta.url))

/** How a program ended: its exit code and what it printed. */
export interface Ending {
  readonly status: unknown
  readonly stdout: string
  readonly stderr: string
}

// Terraform must neither call home nor take variables or settings from the machine.
const quiet = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TF_'))),
  CHECKPOINT_DISABLE: '1',
  TF_IN_AUTOMATION: '1',
}

async function run(command: string, args: readonly string[]): Promise<Ending> {
  const child = spawn(command, args, { stdio: 'pipe', env: quiet })
  child.stdin.end()
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { status, stdout, stderr }
}

/** Runs a real Terraform in a folder. */
export async function runTerraform(folder: string, ...args: readonly string[]): Promise<Ending> {
  return run(pythonOf('terraform'), [script, folder, ...args])
}
