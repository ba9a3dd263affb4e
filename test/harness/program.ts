import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { listen } from './listen.ts'

/** A program that a test started. */
export interface RunningProgram {
  /** What it wrote so far, both streams in order of arrival. */
  logs(): string
  isRunning(): boolean
  /** Ends the program and everything that it started. */
  close(): Promise<void>
}

/** One that begins as a process of its own. */
export interface Program extends RunningProgram {
  /** Of the shell that guards it: the program is its child. */
  readonly pid: number
  /** Asks first for `graceMs` milliseconds, then kills. */
  close(graceMs?: number): Promise<void>
}

// The shell leads a process group of its own. It holds the read end of a pipe from this process: when this process ends, in
// whatever way, the pipe closes and the group is killed; when the program ends by itself, the group is killed too.
const guard = '{ "$@"; echo "the program ended with code $?" >&2; kill -KILL 0; } </dev/null & cat >/dev/null; kill -KILL 0'

function signalGroup(child: ChildProcess, signal: NodeJS.Signals) {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // the group has ended already
  }
}

const programs = new Set<Program>()

/** Ends every program that this process started and that still runs. */
export async function closePrograms(): Promise<void> {
  await Promise.all([...programs].map((program) => program.close()))
}

/** Starts a program in a process group that cannot outlive this process. */
export function startProgram(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env: NodeJS.ProcessEnv },
): Program {
  const child = spawn('sh', ['-c', guard, 'sh', command, ...args], {
    ...options,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let logs = ''
  let running = true
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (logs += text))
  const closed = once(child, 'close').then(() => {
    running = false
    programs.delete(program)
  })
  const program: Program = {
    pid: child.pid ?? 0,
    logs: () => logs,
    isRunning: () => running,
    async close(graceMs = 0) {
      if (!running) return
      if (graceMs > 0) {
        signalGroup(child, 'SIGTERM')
        await Promise.race([closed, sleep(graceMs, undefined, { ref: false })])
      }
      signalGroup(child, 'SIGKILL')
      await closed
    },
  }
  programs.add(program)
  return program
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listen(server)
  server.close()
  await once(server, 'close')
  return port
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const free = await listen(server, port).then(
    () => true,
    () => false,
  )
  server.close()
  return free
}

/** A TCP port that stays free until it is used: below those that systems give to whoever wants any. */
export async function lastingPort(): Promise<number> {
  const port = 20_000 + randomInt(12_000)
  return (await isFree(port)) ? port : lastingPort()
}

/** Whether a proxy has started: it is ready, or would be if its upstream were, which some tests have none of. */
export function isStarted(status: number, text: string): boolean {
  return (status >= 200 && status < 300) || (status === 503 && /"waitingFor":"[^"]*upstream/.test(text))
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) })
    return isStarted(response.status, await response.text())
  } catch {
    return false
  }
}

/** Waits until `url` answers 2xx, or a proxy misses nothing but its upstream; when the program ends first, or takes too long, it is closed and the error shows its last output. */
export async function waitUntilAnswers(url: string, program: RunningProgram, what: string, seconds: number): Promise<void> {
  const end = Date.now() + seconds * 1000
  while (!(await answers(url))) {
    if (program.isRunning() && Date.now() < end) {
      await sleep(100)
      continue
    }
    const problem = program.isRunning() ? `did not answer ${url} within ${seconds} s` : 'ended before it answered'
    await program.close()
    throw new Error(`${what} ${problem}:\n${program.logs().slice(-2000)}`)
  }
}
