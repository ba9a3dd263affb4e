import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { freePort, startProgram, waitUntilAnswers } from './program.ts'

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

/** The product, started as users start it. */
export interface RunningProxy {
  readonly url: string
  readonly adminUrl: string
  logs(): string
  close(): Promise<void>
}

export interface ProxyOptions {
  /** Where MLflow is. */
  readonly upstream: string
  readonly issuer: { readonly authority: string; readonly tenantId: string; readonly audience: string }
  /** The `environments` section; by default acc, preprod, and prod, which promotes from acc. */
  readonly environments?: Readonly<Record<string, object>>
  /** Where it listens; by default on any free port. */
  readonly port?: number
  /** Other top-level sections of the configuration; one that is named here replaces the default one. */
  readonly settings?: Readonly<Record<string, unknown>>
}

/** The environments that the tests use where they name none. */
export const threeEnvironments = { acc: {}, preprod: {}, prod: { production: true, promotesFrom: ['acc'] } }

function configuration(
  { upstream, issuer, environments = threeEnvironments, settings = {} }: ProxyOptions,
  port: number,
  adminPort: number,
) {
  const { authority, tenantId, audience } = issuer
  return {
    listen: { host: '127.0.0.1', port },
    admin: { host: '127.0.0.1', port: adminPort },
    upstream: { url: upstream, kind: 'mlflow', credentials: { mode: 'none' } },
    authentication: { mode: 'bearer', entra: { tenantId, audiences: [audience], authority } },
    environments,
    ...settings,
  }
}

// Settings of whoever runs the tests must not reach the program.
function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MLFLOW') && !name.startsWith('TAP')))
}

/** Starts `mlflow-env-proxy serve` from dist, and waits until it is ready. */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  if (!existsSync(cli)) throw new Error('dist/cli.js is not there: run npm run build')
  const [port, adminPort] = [options.port ?? (await freePort()), await freePort()]
  const folder = mkdtempSync(join(tmpdir(), 'proxy-'))
  const file = join(folder, 'proxy.yaml')
  writeFileSync(file, stringify(configuration(options, port, adminPort)))
  const program = startProgram(process.execPath, [cli, 'serve', '--config', file], { env: plainEnvironment() })
  const adminUrl = `http://127.0.0.1:${adminPort}`
  const close = async () => {
    await program.close() // at once: a proxy that is asked to stop first waits for load balancers
    rmSync(folder, { recursive: true, force: true })
  }
  await waitUntilAnswers(`${adminUrl}/readyz`, program, 'the proxy', 30).catch(async (error) => {
    await close()
    throw error
  })
  return { url: `http://127.0.0.1:${port}`, adminUrl, logs: () => program.logs(), close }
}
