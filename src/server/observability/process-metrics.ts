import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Gauge, type Registry } from '@prometheus-io/client'
import packageFile from '../../../package.json' with { type: 'json' }

/** Milliseconds between two looks at the event loop. */
const resolution = 20
/** One for the process, also where several registries read it. */
const delays = monitorEventLoopDelay({ resolution })

/** How late the event loop was since the metrics were last read: whatever takes it long keeps all requests waiting. */
function addEventLoopDelay(registry: Registry): void {
  delays.enable()
  new Gauge({
    name: 'mlflow_env_proxy_event_loop_delay_seconds',
    help: 'How late the event loop was since this was last read, by quantile: 0.5, 0.99 and 1 (the most), in seconds.',
    labelNames: ['quantile'],
    aggregator: 'max',
    registers: [registry],
    collect() {
      const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - resolution / 1e3)
      for (const quantile of [0.5, 0.99, 1]) {
        const delay = delays.count === 0 ? 0 : late(quantile === 1 ? delays.max : delays.percentile(100 * quantile))
        this.set({ quantile: String(quantile) }, delay)
      }
      delays.reset()
    },
  })
}

/** Process metrics, measured when they are read: a leak shows here first. */
export function addProcessMetrics(registry: Registry): void {
  new Gauge({
    name: 'mlflow_env_proxy_build_info',
    help: 'Always 1; the labels have the versions of the proxy and of Node.',
    labelNames: ['version', 'node'],
    aggregator: 'first',
    registers: [registry],
  }).set({ version: packageFile.version, node: process.versions.node }, 1)
  addEventLoopDelay(registry)
  new Gauge({
    name: 'mlflow_env_proxy_process_memory_bytes',
    help: 'Memory of the process by kind, in bytes: rss, heap_used, heap_total, external, array_buffers.',
    labelNames: ['kind'],
    registers: [registry],
    collect() {
      const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage()
      const kinds = { rss, heap_used: heapUsed, heap_total: heapTotal, external, array_buffers: arrayBuffers }
      for (const [kind, bytes] of Object.entries(kinds)) this.set({ kind }, bytes)
    },
  })
  new Gauge({
    name: 'mlflow_env_proxy_active_resources',
    help: 'What keeps the process busy, by type: sockets, timers, requests under way.',
    labelNames: ['type'],
    registers: [registry],
    collect() {
      this.reset()
      for (const type of process.getActiveResourcesInfo()) this.inc({ type })
    },
  })
}
