import { Counter, Gauge, type Registry } from '@prometheus-io/client'

/** Metrics of the workers themselves. Returns what counts one that had to be replaced. */
export function addWorkerMetrics(registry: Registry, ready: () => number): () => void {
  new Gauge({
    name: 'mlflow_env_proxy_workers_ready',
    help: 'Workers that can serve, where the proxy has several.',
    registers: [registry],
    collect() {
      this.set(ready())
    },
  })
  const replaced = new Counter({
    name: 'mlflow_env_proxy_workers_replaced_total',
    help: 'Workers that ended, or did not react any more, and were replaced.',
    registers: [registry],
  })
  return () => replaced.inc()
}
