import { Counter, Gauge, Histogram, Registry } from '@prometheus-io/client'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { KeyReading } from './key-source.ts'
import { addProcessMetrics } from './process-metrics.ts'

/** The proxy's own metrics, by endpoint of the table and never by path, so that their number is bounded. */
export class Metrics {
  readonly registry = new Registry()
  readonly #requests = new Counter({
    name: 'mlflow_env_proxy_requests_total',
    help: 'Requests by endpoint, environment, decision, reason and status.',
    labelNames: ['endpoint', 'environment', 'decision', 'reason', 'status'],
    registers: [this.registry],
  })
  readonly #seconds = new Histogram({
    name: 'mlflow_env_proxy_request_seconds',
    help: 'Time from the request to the end of its answer, the upstream included, in seconds.',
    labelNames: ['endpoint'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [this.registry],
  })
  readonly #keys = new Gauge({
    name: 'mlflow_env_proxy_signing_keys',
    help: 'Signing keys of the issuer that are known.',
    registers: [this.registry],
  })

  readonly #readings = new Counter({
    name: 'mlflow_env_proxy_signing_key_readings_total',
    help: "Attempts to read the issuer's signing keys, by result: good or failed.",
    labelNames: ['result'],
    registers: [this.registry],
  })
  readonly #lostLines = new Counter({
    name: 'mlflow_env_proxy_log_lines_lost_total',
    help: 'Lines of the log that could not be written: the disk is full, or nobody reads them.',
    registers: [this.registry],
  })

  constructor() {
    addProcessMetrics(this.registry)
  }

  /** Counts one answered request. */
  count({ trail }: FastifyRequest, reply: FastifyReply): void {
    this.#requests.inc({
      endpoint: trail.endpoint,
      environment: trail.environment?.name ?? '',
      decision: trail.decision,
      reason: trail.reason ?? '',
      status: String(reply.statusCode),
    })
    this.#seconds.observe({ endpoint: trail.endpoint }, reply.elapsedTime / 1000)
  }

  /** Counts lines of the log that could not be written. */
  countLostLines(lines: number): void {
    this.#lostLines.inc(lines)
  }

  /** Notes what came of a reading of the issuer's signing keys. */
  noteKeys({ keys, problem }: KeyReading): void {
    this.#keys.set(keys)
    this.#readings.inc({ result: problem === null ? 'good' : 'failed' })
  }
}
