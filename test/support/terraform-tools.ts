import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { cacheFolder } from '../../scripts/python-environments.mjs'

const inRoot = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

// These two modules are plain JavaScript; what is used of them is typed here.
const environments: { findPython(): { command: string; version: string } } = await import(
  inRoot('scripts/python-environments.mjs')
)
const { withLock }: { withLock(path: string, work: () => Promise<void>): Promise<void> } = await import(
  inRoot('scripts/lock.mjs')
)

const requirements = inRoot('scripts/python/terraform.txt')

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

async function install(folder: string, python: string) {
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '-r', requirements]
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(dirname(folder), { recursive: true })
  for (const [command, args] of [
    [python, ['-m', 'venv', folder]],
    [join(folder, 'bin', 'python'), pip],
  ] as const) {
    const { status, stderr } = await run(command, args)
    if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${stderr}`)
  }
  writeFileSync(join(folder, '.complete'), '')
}

/** The Python of the cached environment that scripts/python/terraform.txt describes; made when absent. */
async function terraformPython(): Promise<string> {
  const { command, version } = environments.findPython()
  const identity = [version, process.platform, process.arch, readFileSync(requirements, 'utf8')].join('\n')
  const hash = createHash('sha256').update(identity).digest('hex').slice(0, 12)
  const folder = join(cacheFolder(), 'python', `terraform-py${version}-${hash}`)
  const isComplete = () => existsSync(join(folder, '.complete'))
  if (!isComplete()) {
    await withLock(`${folder}.lock`, async () => {
      if (!isComplete()) await install(folder, command)
    })
  }
  return join(folder, 'bin', 'python')
}

/** Runs a real Terraform in a folder. */
export async function runTerraform(folder: string, ...args: readonly string[]): Promise<Ending> {
  return run(await terraformPython(), [inRoot('test/support/terraform.py'), folder, ...args])
}
