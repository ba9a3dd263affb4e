import type { Logger } from 'pino'
import { type Apps, buildApps } from './app.ts'
import { type Callers, type CallersHealth, openCallers } from './auth/open-callers.ts'
import type { Config } from './config/config-types.ts'
import { readKeyFile } from './config/secret-file.ts'
import { openClients } from './databricks/open-upstream.ts'
import type { Connections } from './http/connections.ts'
import type { AuditStream } from './observability/audit.ts'
import type { Metrics } from './observability/metrics.ts'
import { PageTokens } from './pipeline/page-tokens.ts'
import { noteRegistry } from './pipeline/registry-notice.ts'
import type { ProcessState } from './process-state.ts'
import { UpstreamWatch } from './upstream/standing.ts'
import type { Upstream } from './upstream/upstream.ts'
import { noteUpstreamVersion } from './upstream/upstream-version.ts'

/** What the process gives every configuration. */
export interface ProcessServices {
  readonly log: Logger
  readonly metrics: Metrics
  readonly connections: Connections
  readonly audit: AuditStream
  readonly processState: ProcessState
}

/** An active configuration: its applications, its client of MLflow, and the authentication of its callers. A reload opens another one. */
export class ActiveConfig {
  readonly config: Config
  readonly apps: Apps
  readonly #log: Logger
  readonly #metrics: Metrics
  readonly #upstream: Upstream
  readonly #callers: Callers
  readonly #watch: UpstreamWatch
  readonly #stop = new AbortController()

  /** Throws where a file with a key cannot be read. */
  constructor(config: Config, { log, metrics, connections, audit, processState }: ProcessServices) {
    const { keyFile } = config.paging
    const tokens = new PageTokens(keyFile === null ? processState.pageKey : readKeyFile(keyFile))
    const clients = openClients(config, log)
    const { upstream } = clients
    this.config = config
    this.#log = log
    this.#metrics = metrics
    this.#upstream = upstream
    const report = (issuer: string, reading: Parameters<Metrics['noteKeys']>[1]) => metrics.noteKeys(issuer, reading)
    this.#callers = openCallers({ config, log, ...clients, report, noteCache: metrics.traffic.noteCache })
    const names = config.environments.map(({ name }) => name)
    this.#watch = new UpstreamWatch(upstream, names, config.upstream.credentialsOf)
    const { authenticator } = this.#callers
    this.apps = buildApps({ config, log, authenticator, upstream, tokens, metrics, connections, audit, processState })
  }

  /** When it can take requests, or will not be able to soon: `waitsFor` says which. */
  async ready(): Promise<void> {
    await Promise.all([this.apps.ready(), this.#callers.tried])
  }

  /** What keeps everybody out, or null. */
  waitsFor(): string | null {
    return this.#callers.waitsFor()
  }

  /** What is missing at MLflow for a first request to succeed, or null. */
  waitsForUpstream(): string | null {
    return this.#watch.waitsFor()
  }

  /** Each part that requests depend on, and what operators should know of it, or null. */
  health(): readonly CallersHealth[] {
    return [{ part: 'MLflow', concern: this.#watch.concern() }, ...this.#callers.health()]
  }

  /** Looks at MLflow, and writes what it finds into the log. */
  examine(): void {
    this.#watch.concern()
    void noteUpstreamVersion(this.#upstream, this.#log, this.#stop.signal, (version) =>
      this.#metrics.noteUpstreamVersion(version),
    )
    void noteRegistry(this.config, this.#upstream, this.#log, this.#stop.signal)
  }

  /** Counts what belongs to no environment, in the background. */
  async countUnowned(): Promise<void> {
    if (!this.config.adoption.countAtStart) return
    const { noteUnowned } = await import('./adoption/unowned-count.ts')
    await noteUnowned(this.config, this.#upstream, { log: this.#log, metrics: this.#metrics }, this.#stop.signal)
  }

  /** Waits for work that goes on after its request was answered. */
  settled(): Promise<void> {
    return this.apps.settled()
  }

  /** For when none of its requests is in flight any more. */
  async close(): Promise<void> {
    this.#stop.abort()
    await this.apps.close()
    await Promise.all([this.#upstream.close(), this.#callers.close()])
  }
}
