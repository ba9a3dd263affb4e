import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { buildApps, type Parts } from '../../src/server/app.ts'
import { createAuthenticator } from '../../src/server/authenticate.ts'
import { loadConfig } from '../../src/server/config.ts'
import { KeySource } from '../../src/server/key-source.ts'
import { createLog } from '../../src/server/log.ts'
import { Metrics } from '../../src/server/metrics.ts'
import { PageTokens } from '../../src/server/page-tokens.ts'
import { Upstream } from '../../src/server/upstream.ts'
import { startIssuer, type TestIssuer } from './issuer.ts'

/** The proxy's public side in this process, for callers of environment `acc`. */
export interface App {
  readonly url: string
  readonly port: number
  readonly issuer: TestIssuer
  /** An honest token of `apps_acc`. */
  readonly token: string
  /** Every line of the log so far, parsed. */
  lines(): Record<string, unknown>[]
  /** The text of the log so far. */
  logs(): string
  close(): Promise<void>
}

export interface AppOptions {
  readonly upstream: string
  readonly credentials?: object
  readonly timeouts?: Parts['timeouts']
  /** As the configuration has them. */
  readonly environments?: unknown
}

function configure(
  folder: string,
  { upstream, credentials = { mode: 'none' }, environments = ['acc', 'preprod'] }: AppOptions,
  issuer: TestIssuer,
) {
  const file = join(folder, 'proxy.yaml')
  const { tenantId, audience, authority } = issuer
  const content = {
    upstream: { url: upstream, credentials },
    authentication: { entra: { tenantId, audiences: [audience], authority } },
    environments,
  }
  writeFileSync(file, stringify(content))
  return loadConfig(file, {})
}

/** Starts the public side on a free port of this machine. */
export async function startApp(options: AppOptions): Promise<App> {
  const issuer = await startIssuer()
  const folder = mkdtempSync(join(tmpdir(), 'app-'))
  const config = configure(folder, options, issuer)
  let text = ''
  const write = (line: string) => {
    text += line
  }
  const log = createLog('debug', { write })
  const { entra } = config.authentication
  const keys = new KeySource({ entra })
  await keys.refresh()
  const upstream = new Upstream(config.upstream, log)
  const parts = { config, log, authenticator: createAuthenticator({ entra, keys }), upstream, metrics: new Metrics() }
  const tokens = new PageTokens(randomBytes(32))
  const apps = buildApps({ ...parts, tokens, ...(options.timeouts === undefined ? {} : { timeouts: options.timeouts }) })
  const app = apps.listen
  await app.listen({ host: '127.0.0.1', port: 0 })
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new Error('the app has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    issuer,
    token: await issuer.token(),
    lines: () =>
      text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
    logs: () => text,
    close: async () => {
      app.server.closeAllConnections()
      await apps.close()
      await Promise.all([upstream.close(), keys.close(), issuer.close()])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
