import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { buildApps } from '../../src/server/app.ts'
import { openCallers } from '../../src/server/auth/open-callers.ts'
import { loadConfig } from '../../src/server/config/config.ts'
import type { UpstreamTimeouts } from '../../src/server/config/upstream-timeouts.ts'
import { openClients } from '../../src/server/databricks/open-upstream.ts'
import type { Clock } from '../../src/server/facts/clock.ts'
import { Connections } from '../../src/server/http/connections.ts'
import { ReloadableListener } from '../../src/server/http/reloadable-listener.ts'
import { auditInLog } from '../../src/server/observability/audit.ts'
import { createLog } from '../../src/server/observability/log.ts'
import { Metrics } from '../../src/server/observability/metrics.ts'
import { PageTokens } from '../../src/server/pipeline/page-tokens.ts'
import { openProcessState } from '../../src/server/process-state.ts'
import type { Parts } from '../../src/server/services.ts'
import { startIssuer, type TestIssuer } from '../fakes/issuer.ts'

/** The proxy's public side in this process. */
export interface InProcess {
  readonly url: string
  /** The port for clients in Databricks mode, where the configuration has one. */
  readonly databricksHost: string | null
  /** Every line of the log so far, parsed. */
  lines(): Record<string, unknown>[]
  /** The text of the log so far. */
  logs(): string
  /** The lines of the log since the last time, which are then forgotten: for those who ask for long. */
  takeLines(): Record<string, unknown>[]
  readonly metrics: Metrics
  close(): Promise<void>
}

/** The same before an open-source server, for callers of environment `acc`. */
export interface App extends InProcess {
  readonly port: number
  readonly issuer: TestIssuer
  /** An honest token of `apps_acc`. */
  readonly token: string
}

export interface AppOptions {
  readonly upstream: string
  readonly credentials?: object
  readonly timeouts?: Parts['timeouts']
  readonly upstreamTimeouts?: UpstreamTimeouts
  /** As the configuration has them. */
  readonly environments?: unknown
  readonly limits?: object
  /** Other keys of the configuration. */
  readonly more?: object
  readonly auditFailing?: () => string | null
}

/** What stands beside the configuration. */
export interface Beside {
  /** Milliseconds, in place of the configuration's. */
  readonly upstreamTimeouts?: UpstreamTimeouts
  /** Written beside the configuration, which may name them by relative paths. */
  readonly files?: Readonly<Record<string, string>>
  readonly timeouts?: Parts['timeouts']
  /** What answers that must tell nothing by their time are timed with. */
  readonly clock?: Clock
  /** Why audit lines cannot be written, in place of what the sink says. */
  readonly auditFailing?: () => string | null
  /** Milliseconds, for what is remembered of callers. */
  readonly callersClock?: () => number
}

function writeConfig(content: object, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'app-'))
  for (const [name, value] of Object.entries({ ...files, 'proxy.yaml': stringify(content) }))
    writeFileSync(join(folder, name), value)
  return folder
}

/** Starts the public side as a configuration says, on free ports of this machine. */
export async function startInProcess(
  content: object,
  { files = {}, timeouts, upstreamTimeouts, clock, callersClock, auditFailing }: Beside = {},
): Promise<InProcess> {
  const folder = writeConfig(content, files)
  const config = loadConfig(join(folder, 'proxy.yaml'), {})
  let text = ''
  const write = (line: string) => {
    text += line
  }
  const log = createLog(config.log.level === 'info' ? 'debug' : config.log.level, { write })
  const impatient = { ...config.upstream, ...(upstreamTimeouts && { timeouts: upstreamTimeouts }) }
  const clients = openClients({ ...config, upstream: impatient }, log)
  const { upstream } = clients
  const callers = openCallers({ config, log, ...clients, ...(callersClock && { clock: callersClock }) })
  await callers.tried
  const parts = {
    config,
    log,
    authenticator: callers.authenticator,
    upstream,
    metrics: new Metrics(),
  }
  const tokens = new PageTokens(randomBytes(32))
  const connections = new Connections()
  const apps = buildApps({
    ...parts,
    tokens,
    connections,
    processState: openProcessState(config, parts.metrics, null),
    ...(timeouts === undefined ? {} : { timeouts }),
    ...(clock === undefined ? {} : { clock }),
    audit: auditInLog(log, auditFailing),
  })
  await apps.ready()
  const listening = [apps.listen, ...(apps.databricksHost === null ? [] : [apps.databricksHost])].map(
    (app) => new ReloadableListener(app, connections, timeouts),
  )
  const [url = '', databricksHost = null] = await Promise.all(listening.map((app) => app.listen({ host: '127.0.0.1', port: 0 })))
  const lines = () =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  return {
    url,
    databricksHost,
    metrics: parts.metrics,
    lines,
    logs: () => text,
    takeLines: () => {
      const taken = lines()
      text = ''
      return taken
    },
    close: async () => {
      for (const listener of listening) listener.server.closeAllConnections()
      await Promise.all(listening.map((listener) => listener.close()))
      await apps.close()
      await Promise.all([upstream.close(), callers.close()])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Starts the public side before an open-source server, with an issuer of its own. */
export async function startApp(options: AppOptions): Promise<App> {
  const {
    upstream,
    credentials = { mode: 'none' },
    environments = ['acc', 'preprod'],
    timeouts,
    upstreamTimeouts,
    limits = {},
    more = {},
    auditFailing,
  } = options
  const issuer = await startIssuer()
  const { tenantId, audience, authority } = issuer
  const content = {
    upstream: { url: upstream, credentials },
    authentication: { entra: { tenantId, audiences: [audience], authority } },
    environments,
    limits,
    ...more,
  }
  const running = await startInProcess(content, {
    ...(timeouts && { timeouts }),
    ...(upstreamTimeouts && { upstreamTimeouts }),
    ...(auditFailing && { auditFailing }),
  })
  return {
    ...running,
    port: Number(new URL(running.url).port),
    issuer,
    token: await issuer.token(),
    close: async () => {
      await running.close()
      await issuer.close()
    },
  }
}
