import type { Config } from './config/config-types.ts'
import { endOnSignal } from './end-on-signal.ts'
import { Connections } from './http/connections.ts'
import { listen } from './http/listen.ts'
import { catchUnforeseen } from './http/unforeseen.ts'
import { tuneEngine } from './limits/tune-engine.ts'
import { buildAdmin } from './observability/admin-server.ts'
import { loadTracing } from './observability/load-tracing.ts'
import { Metrics } from './observability/metrics.ts'
import { openOutput } from './observability/open-output.ts'
import { openProcessState } from './process-state.ts'
import { Hangups } from './reload/hangups.ts'
import { type ConfigSource, reloadOn } from './reload/reload-on.ts'
import { ReloadableProxy } from './reloadable-proxy.ts'
import { showStatus } from './status/show-status.ts'

/** The port for operators. */
const adminOf = ({ admin }: Config, proxy: ReloadableProxy, metrics: Metrics) =>
  buildAdmin(
    metrics,
    () => proxy.waitsFor(),
    () => proxy.concern(),
    admin.statusPage === 'none' ? null : () => showStatus(proxy.status(), metrics.registry),
  )

/**
 * Listens on all ports until SIGTERM or SIGINT; then reports "not ready" at once, finishes requests in flight, and ends the process.
 * Throws StartError.
 */
export async function serve(source: ConfigSource): Promise<void> {
  const { config } = source.first
  const hangups = new Hangups()
  const metrics = new Metrics()
  const { log, audit, end } = await openOutput(config, metrics)
  const tracing = await loadTracing(config)
  const connections = new Connections()
  const proxy = new ReloadableProxy(config, {
    log,
    metrics,
    audit: audit.stream,
    connections,
    processState: openProcessState(config, metrics, tracing),
  })
  const admin = adminOf(config, proxy, metrics)
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
  tuneEngine(() => connections.underWay)
  reloadOn({ hangups, source, replace: (next) => proxy.replace(next), log, metrics })
  endOnSignal(config, log, {
    stop: () => connections.stop(),
    async close() {
      connections.close()
      await close()
      await tracing?.end()
      await end()
    },
  })
}
