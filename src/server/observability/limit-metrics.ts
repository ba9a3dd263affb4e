import { Counter, Gauge, type Registry } from '@prometheus-io/client'
import type { Limits } from '../limits/request-limits.ts'

/** Metrics of memory and shares, and of the requests that were shed for want of them. */
export class LimitMetrics {
  readonly #registry: Registry
  readonly #shed: Counter<'kind' | 'cause'>

  constructor(registry: Registry) {
    this.#registry = registry
    this.#shed = new Counter({
      name: 'mlflow_env_proxy_shed_total',
      help: 'Requests that were shed, by what was short and why: a full queue, too long a wait, memory that others needed.',
      labelNames: ['kind', 'cause'],
      registers: [registry],
    })
  }

  /** Exposes resource use, and counts shed requests. */
  watch(limits: Limits): void {
    limits.onShed((kind, cause) => this.#shed.inc({ kind, cause }))
    const { memory, shares, workers } = limits
    this.#gauge('memory_bytes', 'Memory for what is read completely, in bytes: in use and limit.', 'of', {
      used: () => memory.used,
      limit: () => memory.limit,
    })
    const queues = { ...shares, workers }
    const gauges = Object.entries(queues).map(([kind, queue]) => ({
      kind,
      underWay: () => queue.underWay,
      waiting: () => queue.waiting,
    }))
    const by = (what: 'underWay' | 'waiting') => Object.fromEntries(gauges.map((gauge) => [gauge.kind, gauge[what]]))
    this.#gauge('requests_under_way', 'Requests that hold a share, by kind.', 'kind', by('underWay'))
    this.#gauge('requests_waiting', 'Requests that wait, by what they wait for.', 'kind', {
      ...by('waiting'),
      memory: () => memory.waiting,
    })
  }

  #gauge(name: string, help: string, label: string, values: Readonly<Record<string, () => number>>): void {
    new Gauge({
      name: `mlflow_env_proxy_${name}`,
      help,
      labelNames: [label],
      registers: [this.#registry],
      collect() {
        for (const [value, read] of Object.entries(values)) this.set({ [label]: value }, read())
      },
    })
  }
}
