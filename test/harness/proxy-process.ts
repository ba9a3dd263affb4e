import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { freePort, isStarted } from './program.ts'

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

/** `mlflow-env-proxy serve` as a bare process, for tests of how it starts, stops and grows. */
export interface ProxyProcess {
  readonly url: string
  readonly adminUrl: string
  readonly pid: number
  /** The configuration. */
  readonly file: string
  out(): string
  err(): string
  /** The lines of the log so far, parsed. */
  lines(): Record<string, unknown>[]
  /** The end of its standard output that is read; null where that goes elsewhere. */
  readonly stdout: Readable | null
  signal(name: NodeJS.Signals): void
  /** The exit code once it has ended; a signal's name where one ended it. */
  readonly ended: Promise<number | string | null>
  close(): Promise<void>
}

export interface ProcessOptions {
  readonly upstream: string
  readonly issuer: { readonly authority: string; readonly tenantId: string; readonly audience: string }
  readonly settings?: Readonly<Record<string, unknown>>
  /** False: do not wait until it is ready. */
  readonly wait?: boolean
  /** Of Node, before the program. */
  readonly flags?: readonly string[]
  /** A program with its arguments that starts Node, which it is given as further ones. */
  readonly startedBy?: readonly string[]
  readonly ports?: { readonly listen?: number; readonly admin?: number }
  /** Where its standard output goes, in place of this process: an open file. */
  readonly output?: number
}

async function waitUntilReady(adminUrl: string, isRunning: () => boolean): Promise<void> {
  for (const end = performance.now() + 90_000; performance.now() < end && isRunning(); ) {
    const ready = await fetch(`${adminUrl}/readyz`).then(
      async (answer) => isStarted(answer.status, await answer.text()),
      () => false,
    )
    if (ready) return
    await sleep(50)
  }
  throw new Error('the proxy did not become ready')
}

function writeConfiguration(
  folder: string,
  port: number,
  adminPort: number,
  { upstream, issuer, settings }: ProcessOptions,
): string {
  const file = join(folder, 'proxy.yaml')
  const { authority, tenantId, audience } = issuer
  const content = {
    listen: { host: '127.0.0.1', port },
    admin: { host: '127.0.0.1', port: adminPort },
    upstream: { url: upstream },
    authentication: { entra: { tenantId, audiences: [audience], authority } },
    environments: ['acc', 'preprod'],
    shutdown: { drainSeconds: 0 },
    ...settings,
  }
  writeFileSync(file, stringify(content))
  return file
}

function collect(stream: Readable | null): () => string {
  let text = ''
  stream?.setEncoding('utf8').on('data', (chunk) => {
    text += chunk
  })
  return () => text
}

/** Starts the proxy from dist. */
export async function startProxyProcess(options: ProcessOptions): Promise<ProxyProcess> {
  const { wait = true, flags = [], startedBy = [], ports = {}, output = 'pipe' } = options
  const [port, adminPort] = [ports.listen ?? (await freePort()), ports.admin ?? (await freePort())]
  const folder = mkdtempSync(join(tmpdir(), 'proxy-process-'))
  const file = writeConfiguration(folder, port, adminPort, options)
  const env = { PATH: process.env.PATH }
  const [program = process.execPath, ...command] = [...startedBy, process.execPath, ...flags, cli, 'serve', '--config', file]
  const child = spawn(program, command, { env, stdio: ['ignore', output, 'pipe'] })
  const [out, err] = [collect(child.stdout), collect(child.stderr)]
  const kill = () => void child.kill('SIGKILL')
  process.once('exit', kill) // it must not outlive the test
  const ended = once(child, 'close').then(([code, signal]) => {
    process.removeListener('exit', kill)
    rmSync(folder, { recursive: true, force: true })
    return code ?? signal
  })
  const adminUrl = `http://127.0.0.1:${adminPort}`
  if (wait) {
    await waitUntilReady(adminUrl, () => child.exitCode === null).catch((error) => {
      kill()
      throw new Error(`${error.message}:\n${out()}${err()}`)
    })
  }
  const lines = () =>
    out()
      .split('\n')
      .filter((line) => line !== '')
  return {
    url: `http://127.0.0.1:${port}`,
    adminUrl,
    pid: child.pid ?? 0,
    file,
    out,
    err,
    stdout: child.stdout,
    lines: () => lines().map((line): Record<string, unknown> => JSON.parse(line)),
    signal: (name) => void child.kill(name),
    ended,
    close: async () => {
      kill()
      await ended
    },
  }
}
