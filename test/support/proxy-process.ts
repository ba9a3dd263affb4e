import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { freePort } from './program.ts'

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

/** `mlflow-env-proxy serve` as a bare process, for tests of how it starts, stops and grows. */
export interface ProxyProcess {
  readonly url: string
  readonly adminUrl: string
  readonly pid: number
  out(): string
  err(): string
  /** The lines of the log so far, parsed. */
  lines(): Record<string, unknown>[]
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
  readonly ports?: { readonly listen?: number; readonly admin?: number }
}

async function waitUntilReady(adminUrl: string, isRunning: () => boolean): Promise<void> {
  for (let tries = 0; tries < 300 && isRunning(); tries++) {
    const ready = await fetch(`${adminUrl}/readyz`).then(
      async (answer) => (await answer.text()) !== '' && answer.ok,
      () => false,
    )
    if (ready) return
    await sleep(50)
  }
}

/** Starts the proxy from dist. Its Node warns of nothing that is not meant to be seen. */
export async function startProxyProcess(options: ProcessOptions): Promise<ProxyProcess> {
  const { upstream, issuer, settings = {}, wait = true, ports = {} } = options
  const [port, adminPort] = [ports.listen ?? (await freePort()), ports.admin ?? (await freePort())]
  const folder = mkdtempSync(join(tmpdir(), 'proxy-process-'))
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
  const child = spawn(process.execPath, [cli, 'serve', '--config', file], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const text = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text.out += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    text.err += chunk
  })
  const kill = () => void child.kill('SIGKILL')
  process.once('exit', kill) // it must not outlive the test
  const ended = once(child, 'close').then(([code, signal]) => {
    process.removeListener('exit', kill)
    rmSync(folder, { recursive: true, force: true })
    return code ?? signal
  })
  const adminUrl = `http://127.0.0.1:${adminPort}`
  if (wait) await waitUntilReady(adminUrl, () => child.exitCode === null)
  const parse = (line: string): Record<string, unknown> => JSON.parse(line)
  return {
    url: `http://127.0.0.1:${port}`,
    adminUrl,
    pid: child.pid ?? 0,
    out: () => text.out,
    err: () => text.err,
    lines: () =>
      text.out
        .split('\n')
        .filter((line) => line !== '')
        .map(parse),
    signal: (name) => void child.kill(name),
    ended,
    close: async () => {
      kill()
      await ended
    },
  }
}
