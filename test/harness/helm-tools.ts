import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { pythonOf } from '../../scripts/setup/python-environments.mjs'

const jobs = fileURLToPath(new URL('helm-jobs.py', import.meta.url))

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

/** A program of the environment that scripts/setup/python/helm.txt describes. */
function program(name: string): string {
  return join(dirname(pythonOf('helm')), name)
}

/** Does the jobs in one process and answers in their order; throws where the tools themselves fail. */
export async function runHelm(list: readonly HelmJob[]): Promise<readonly HelmAnswer[]> {
  const { status, stdout, stderr } = await run(program('python'), [jobs], JSON.stringify(list))
  if (status !== 0) throw new Error(`helm-jobs.py failed: ${stderr}`)
  return JSON.parse(stdout)
}

/** What hadolint has to say about a Dockerfile, one finding a line; empty when it is content. */
export async function lintDockerfile(path: string): Promise<string> {
  const { stdout, stderr } = await run(program('hadolint'), ['--no-color', path])
  return `${stdout}${stderr}`.trim()
}
