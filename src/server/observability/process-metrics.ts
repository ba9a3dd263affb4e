import { Gauge, type Registry } from '@prometheus-io/client'

/** Process metrics, measured when they are read: a leak shows here first. */
export function addProcessMetrics(registry: Registry): void {
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
