import { setTimeout as pause } from 'node:timers/promises'
import closeWithGrace from 'close-with-grace'
import type { Logger } from 'pino'
import type { Loaded } from './config/config.ts'
import { configHash } from './config/config-hash.ts'
import type { Config } from './config/config-types.ts'
import { Connections } from './http/connections.ts'
import { ListenError, listen } from './http/listen.ts'
import { catchUnforeseen } from './http/unforeseen.ts'
import { buildAdmin } from './observability/admin-server.ts'
import { LineSink } from './observability/line-sink.ts'
import { createLog } from './observability/log.ts'
import { standardOutlet } from './observability/log-outlet.ts'
import { Metrics } from './observability/metrics.ts'
import { openAudit } from './observability/open-audit.ts'
import { openProcessState } from './process-state.ts'
import { ConfigWatch } from './reload/config-watch.ts'
import { Reloader } from './reload/reloader.ts'
import { ReloadableProxy } from './reloadable-proxy.ts'

/** Milliseconds for writing the last log lines. */
const lastWords = 2_000

/** A configuration, and where it is read anew. */
export interface ConfigSource {
  readonly first: Loaded
  readonly file: string
  /** Throws ConfigError. */
  readonly read: () => Loaded
}

/** SIGHUP, from the start of the process on: it would end it. */
class Hangups {
  #isMissed = false
  #hear = () => {
    this.#isMissed = true
  }

  constructor() {
    process.on('SIGHUP', () => this.#hear())
  }

  /** From now on `reload` is called; once for those that came before. */
  hear(reload: () => void): void {
    this.#hear = reload
    if (this.#isMissed) reload()
  }
}

/** Reloads on SIGHUP, and when the file changes. */
function reloadOn(
  hangups: Hangups,
  { first, file, read }: ConfigSource,
  proxy: ReloadableProxy,
  log: Logger,
  metrics: Metrics,
): void {
  const apply = async (config: Config) => {
    const { level } = log
    // What is built now takes its level from here.
    log.level = config.log.level
    try {
      await proxy.replace(config)
    } catch (error) {
      log.level = level
      throw error
    }
    watch.every(config.reload.watchSeconds * 1_000)
  }
  metrics.noteConfig(configHash(first.config))
  const reloader = new Reloader({ first, read, apply, log, metrics })
  const watch = new ConfigWatch(file, async () => ((await reloader.reload('file')) ? 'settled' : 'try again'))
  watch.every(first.config.reload.watchSeconds * 1_000)
  hangups.hear(() => void reloader.reload('signal'))
}

/** The log and the audit, whose last lines are written at the end of the process. Throws ListenError. */
async function openOutput({ log: { level }, audit: settings, outbound }: Config, metrics: Metrics) {
  const logSink = new LineSink(standardOutlet(), { lost: (lines) => metrics.countLostLines(lines) })
  process.once('exit', () => logSink.flush())
  const log = createLog(level, logSink)
  try {
    const audit = await openAudit(settings, { log, logSink, metrics, outbound })
    process.once('exit', () => audit.flush())
    const end = async () => void (await Promise.all([audit.end(lastWords), logSink.end(lastWords)]))
    return { log, audit: audit.stream, end }
  } catch (error) {
    throw new ListenError(`cannot write the audit (audit.file.path): ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** The status page, which is loaded when somebody first looks at it. */
async function showStatus(proxy: ReloadableProxy, metrics: Metrics) {
  const { renderStatus, statusHeaders } = await import('./status/status-page.ts')
  return { headers: statusHeaders, html: await renderStatus(proxy.status(), metrics.registry) }
}

/**
 * Listens on all ports until SIGTERM or SIGINT; then reports "not ready" at once, finishes requests in flight, and ends the process.
 * Throws ListenError.
 */
export async function serve(source: ConfigSource): Promise<void> {
  const { config } = source.first
  const hangups = new Hangups()
  const metrics = new Metrics()
  const { log, audit, end } = await openOutput(config, metrics)
  const connections = new Connections()
  const proxy = new ReloadableProxy(config, { log, metrics, audit, connections, processState: openProcessState(config, metrics) })
  const admin = buildAdmin(
    metrics,
    () => proxy.waitsFor(),
    () => proxy.concern(),
    config.admin.statusPage === 'none' ? null : () => showStatus(proxy, metrics),
  )
  const close = async () => {
    await proxy.close()
    await admin.close()
  }
  try {
    const addresses = { admin: await listen(admin, 'admin', config), ...(await proxy.listen()) }
    proxy.examine()
    catchUnforeseen(log, metrics)
    log.info({ ...addresses, environments: config.environments.map(({ name }) => name) }, 'listening')
  } catch (error) {
    await close()
    throw error
  }
  reloadOn(hangups, source, proxy, log, metrics)
  const [drain, finish] = [config.shutdown.drainSeconds * 1_000, config.shutdown.finishSeconds * 1_000]
  // An uncaught error only ends its request, and SIGHUP reloads.
  const skip: closeWithGrace.Options['skip'] = ['uncaughtException', 'unhandledRejection', 'SIGHUP']
  closeWithGrace({ delay: drain + finish + lastWords, logger: log, skip }, async ({ signal }) => {
    log.info({ signal }, 'stopping')
    connections.stop()
    await pause(drain)
    connections.close()
    await close()
    await end()
  })
}
