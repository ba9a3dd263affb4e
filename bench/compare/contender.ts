import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestIssuer } from '../../test/fakes/issuer.ts'
import { RawClient } from '../../test/harness/load/raw-client.ts'

/** Something that stands before the upstream, in a process of its own; `direct` is the upstream itself. */
export interface Contender {
  readonly name: string
  readonly url: string
  /** Null where nothing stands in between. */
  readonly pid: number | null
  /** The header that its callers send, where that is not the usual token. */
  readonly authorization?: string
  /** Milliseconds from its start to its first answer. */
  readonly startMs: number
  logs(): string
  close(): Promise<void>
}

/** What contenders are started with. */
export interface Setup {
  readonly upstream: string
  readonly issuer: TestIssuer
  /** A folder for configurations and logs. */
  readonly folder: string
  /** A request that is answered with 200 once a contender is there. */
  readonly probe: Buffer
}

export interface Kind {
  readonly name: string
  start(setup: Setup): Promise<Contender>
}

/** Waits until a request is answered with 200. */
export async function untilAnswered(url: string, probe: Buffer, isRunning: () => boolean): Promise<void> {
  const client = new RawClient(url)
  for (const end = performance.now() + 60_000; (await client.ask(probe)) !== 200; await sleep(2)) {
    if (performance.now() > end || !isRunning()) throw new Error(`${url} does not answer`)
  }
  client.close()
}

interface Program {
  readonly name: string
  readonly port: number
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Starts a program that listens on a port, and waits for its first answer. */
export async function startContender({ name, port, command, args, env }: Program, probe: Buffer): Promise<Contender> {
  const began = performance.now()
  const child = spawn(command, args, { env: { PATH: process.env.PATH, NODE_ENV: 'production', ...env } })
  const kill = () => void child.kill('SIGKILL')
  process.once('exit', kill)
  let logs = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (logs += text))
  const closed = once(child, 'close').catch(() => undefined)
  const close = async () => {
    child.kill() // nginx ends its workers
    await closed
    process.removeListener('exit', kill)
  }
  const url = `http://127.0.0.1:${port}`
  await untilAnswered(url, probe, () => child.exitCode === null).catch(async (error) => {
    await close()
    throw new Error(`${name}: ${error.message}\n${logs}`)
  })
  return { name, url, pid: child.pid ?? null, startMs: performance.now() - began, logs: () => logs.slice(-2000), close }
}
