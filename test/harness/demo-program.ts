import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What the demo prints, apart from colours and what differs from run to run. */
export const summaryLines = [
  /^ {2}acc +Default, churn +1 +notes\.md +fraud v1 +Staging$/m,
  /^ {2}preprod +Default, churn +1 +notes\.md +fraud v1 +Staging$/m,
  /^ {2}prod +Default, churn +1 +notes\.md +fraud v1 +Production$/m,
  /^ {2}\/experiments\/acc\/churn +1 +fraud_acc v1 +Staging$/m,
  /^ {2}\/experiments\/preprod\/churn +1 +fraud_preprod v1 +Staging$/m,
  /^ {2}\/experiments\/prod\/churn +1 +fraud_prod v1 +Production$/m,
  /^ {2}✗ acc reads prod's model\n {4}PERMISSION_DENIED: .*another environment/m,
  /^ {2}✗ acc promotes to Production\n {4}PERMISSION_DENIED: .*Production/m,
  /^ {2}✗ acc opens prod's run by its id\n {4}RESOURCE_DOES_NOT_EXIST: .*[0-9a-f]{32} not found$/m,
  /^ {2}✗ somebody without a token looks around\n {4}\w+: .*no access token/m,
  /^All as expected: /m,
]

/** Starts a command line of the checkout as a terminal does: in a process group of its own, in a plain environment. The command is Node by default. */
export function startCommand(
  args: readonly string[],
  folder: string,
  command = process.execPath,
): { child: ChildProcess; output: () => string } {
  const kept = ['PATH', 'HOME', 'XDG_CACHE_HOME', 'ENV_PROXY_CACHE', 'PYTHON']
  const env = Object.fromEntries(kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])))
  const child = spawn(command, args, { cwd: root, detached: true, env: { ...env, TMPDIR: folder } })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
  return { child, output: () => output }
}

/** The command lines of the processes that were given the folder as their temporary one. */
export function listProcesses(folder: string): string[] {
  if (!existsSync('/proc/self/environ')) return []
  return readdirSync('/proc').flatMap((id) => {
    try {
      const mentions = /^\d+$/.test(id) && readFileSync(join('/proc', id, 'environ'), 'utf8').includes(folder)
      return mentions ? [readFileSync(join('/proc', id, 'cmdline'), 'utf8').replaceAll('\0', ' ')] : []
    } catch {
      return [] // it has ended meanwhile, or is somebody else's
    }
  })
}

/** Whether it came true within the time. */
export async function waitFor(what: () => boolean, seconds: number): Promise<boolean> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(50)) if (what()) return true
  return what()
}

/** The first group of the pattern in the text, which has to be there. */
export function find(text: string, pattern: RegExp): string {
  const found = pattern.exec(text)?.[1]
  if (found === undefined) throw new Error(`${pattern} is not in:\n${text}`)
  return found
}
