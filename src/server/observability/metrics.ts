import { Counter, Gauge, Histogram, Registry } from '@prometheus-io/client'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ConfigMetrics } from './config-metrics.ts'
import { LimitMetrics } from './limit-metrics.ts'
import { addProcessMetrics } from './process-metrics.ts'
import { TrafficMetrics } from './traffic-metrics.ts'

/** Upper bounds of durations, in seconds. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** The proxy's own metrics, labelled by endpoint name and never by path, so that their number is bounded. */
export class Metrics {
  readonly registry = new Registry()
  readonly traffic = new TrafficMetrics(this.registry)
  readonly config = new ConfigMetrics(this.registry)
  readonly limits = new LimitMetrics(this.registry)
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
    buckets,
    registers: [this.registry],
  })
  readonly #exchanges = new Histogram({
    name: 'mlflow_env_proxy_upstream_seconds',
    help: "Time of an exchange with MLflow, in seconds, by purpose (a caller's message, or a look-up of the proxy's own) and outcome: 2xx to 5xx, or none without an answer. Files are not among them.",
    labelNames: ['purpose', 'outcome'],
    buckets,
    registers: [this.registry],
  })
  readonly #keys = new Gauge({
    name: 'mlflow_env_proxy_signing_keys',
    help: 'Known signing keys, by issuer.',
    labelNames: ['issuer'],
    aggregator: 'max',
    registers: [this.registry],
  })

  readonly #readings = new Counter({
    name: 'mlflow_env_proxy_signing_key_readings_total',
    help: 'Attempts to read signing keys, by issuer and result: good or failed.',
    labelNames: ['issuer', 'result'],
    registers: [this.registry],
  })
  readonly #renewals = new Counter({
    name: 'mlflow_env_proxy_login_renewals_total',
    help: 'Renewals of logins with a browser, by result: good or failed.',
    labelNames: ['result'],
    registers: [this.registry],
  })
  readonly #issuerLogouts = new Counter({
    name: 'mlflow_env_proxy_issuer_logouts_total',
    help: 'Logouts that the issuer told of, by channel (back or front) and outcome: accepted, or why not: malformed, unsigned, expired, foreign, repeated, unavailable.',
    labelNames: ['channel', 'outcome'],
    registers: [this.registry],
  })
  readonly #lostLines = new Counter({
    name: 'mlflow_env_proxy_log_lines_lost_total',
    help: 'Lines of the log that could not be written: the disk is full, or nobody reads them.',
    registers: [this.registry],
  })
  readonly #lostAudit = new Counter({
    name: 'mlflow_env_proxy_audit_lines_lost_total',
    help: 'Audit lines that could not be written, if they have a destination of their own.',
    registers: [this.registry],
  })
  readonly #unforeseen = new Counter({
    name: 'mlflow_env_proxy_unforeseen_errors_total',
    help: 'Unexpected errors, each of which ended one request; the log has their stacks.',
    registers: [this.registry],
  })

  readonly #upstream = new Gauge({
    name: 'mlflow_env_proxy_upstream_info',
    help: 'Always 1; the label has the version that the MLflow server says. Databricks says none.',
    labelNames: ['version'],
    registers: [this.registry],
  })

  readonly #shadowed = new Counter({
    name: 'mlflow_env_proxy_shadow_passes_total',
    help: 'Requests that passed because their environment is in shadow, by the reason for which they would have been refused.',
    labelNames: ['endpoint', 'environment', 'reason'],
    registers: [this.registry],
  })

  readonly #unowned = new Gauge({
    name: 'mlflow_env_proxy_unowned',
    help: 'Models and experiments in MLflow that belong to no environment, by kind, as counted once after start.',
    labelNames: ['kind'],
    aggregator: 'max',
    registers: [this.registry],
  })

  constructor() {
    addProcessMetrics(this.registry)
  }

  /** Counts an uncaught error. */
  countUnforeseen(): void {
    this.#unforeseen.inc()
  }

  /** Counts one answered request. */
  count({ auditRecord }: Pick<FastifyRequest, 'auditRecord'>, reply: Pick<FastifyReply, 'statusCode' | 'elapsedTime'>): void {
    this.#requests.inc({
      endpoint: auditRecord.endpoint,
      environment: auditRecord.environment?.name ?? '',
      decision: auditRecord.decision,
      reason: auditRecord.reason ?? '',
      status: String(reply.statusCode),
    })
    const { endpoint, environment, wouldRefuse: reason } = auditRecord
    if (reason !== null) this.#shadowed.inc({ endpoint, environment: environment?.name ?? '', reason })
    this.#seconds.observe({ endpoint: auditRecord.endpoint }, reply.elapsedTime / 1000)
  }

  /** Records how many things of each kind belong to no environment. */
  noteUnowned(count: Readonly<Record<string, number>>): void {
    for (const [kind, value] of Object.entries(count)) this.#unowned.set({ kind }, value)
  }

  /** Counts an exchange with MLflow. `status` is that of its answer; null: there was none. */
  noteExchange(purpose: string, status: number | null, milliseconds: number, ..._rest: readonly unknown[]): void {
    const outcome = status === null ? 'none' : `${Math.floor(status / 100)}xx`
    this.#exchanges.observe({ purpose, outcome }, milliseconds / 1000)
  }

  /** Counts log lines that could not be written. */
  countLostLines(lines: number): void {
    this.#lostLines.inc(lines)
  }

  /** Counts audit lines that could not be written. */
  countLostAudit(lines: number): void {
    this.#lostAudit.inc(lines)
  }

  /** Exposes whether audit lines cannot be written at the moment. */
  watchAudit(isFailing: () => boolean): void {
    new Gauge({
      name: 'mlflow_env_proxy_audit_failing',
      help: '1 while audit lines cannot be written, otherwise 0.',
      registers: [this.registry],
      collect() {
        this.set(isFailing() ? 1 : 0)
      },
    })
  }

  /** Counts the renewal of a login. */
  countRenewal(problem: string | null): void {
    this.#renewals.inc({ result: problem === null ? 'good' : 'failed' })
  }

  /** Counts what became of a logout that the issuer told of. */
  countIssuerLogout(channel: string, outcome: string): void {
    this.#issuerLogouts.inc({ channel, outcome })
  }

  /** Records the version of the MLflow server. */
  noteUpstreamVersion(version: string): void {
    this.#upstream.reset()
    this.#upstream.set({ version }, 1)
  }

  /** Records the result of reading an issuer's signing keys. */
  noteKeys(issuer: string, { keys, problem }: { readonly keys: number; readonly problem: string | null }): void {
    this.#keys.set({ issuer }, keys)
    this.#readings.inc({ issuer, result: problem === null ? 'good' : 'failed' })
  }
}
