import { Counter, Gauge, type Registry } from '@prometheus-io/client'

/** Metrics of the configuration at work, and of its reloads. */
export class ConfigMetrics {
  readonly #reloads: Counter<'result'>
  readonly #reloaded: Gauge
  readonly #config: Gauge<'hash'>

  constructor(registry: Registry) {
    this.#reloads = new Counter({
      name: 'mlflow_env_proxy_config_reloads_total',
      help: 'Reloads of the configuration by result: good, invalid, needs-restart or failed; the one before stays with all but good.',
      labelNames: ['result'],
      registers: [registry],
    })
    this.#reloaded = new Gauge({
      name: 'mlflow_env_proxy_config_last_reload_success_timestamp_seconds',
      help: 'When the configuration at work was put to work, in seconds since 1970.',
      registers: [registry],
    })
    this.#config = new Gauge({
      name: 'mlflow_env_proxy_config_info',
      help: 'Always 1; the label has the hash of the configuration at work.',
      labelNames: ['hash'],
      registers: [registry],
    })
  }

  /** Records the configuration at work. */
  note(hash: string): void {
    this.#config.reset()
    this.#config.set({ hash }, 1)
    this.#reloaded.setToCurrentTime()
  }

  /** Counts a reload. `hash`: of the configuration that is at work since. */
  noteReload(result: string, hash: string | null): void {
    this.#reloads.inc({ result })
    if (hash !== null) this.note(hash)
  }
}
