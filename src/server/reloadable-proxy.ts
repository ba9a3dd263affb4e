import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { ActiveConfig, type ProcessServices } from './active-config.ts'
import type { Config } from './config/config-types.ts'
import { clientTimeouts } from './http/http-server.ts'
import { listen } from './http/listen.ts'
import { ListenerCertificate } from './http/listener-certificate.ts'
import { ReloadableListener } from './http/reloadable-listener.ts'
import type { Status } from './status/status.ts'

/** Another configuration, which is ready to be put to work. */
export interface Prepared {
  /** Requests in flight end with the configuration before, which is closed then. `examines`: looks at MLflow then. */
  commit(examines: boolean): void
  abandon(): Promise<void>
}

/** The ports for callers, which stay, and the configuration that is active behind them. */
export class ReloadableProxy {
  readonly #services: ProcessServices
  readonly #listeners: ReloadableListener[] = []
  #isOpen = false
  /** Configurations that still have requests in flight. */
  readonly #leaving = new Set<Promise<void>>()
  #wasSeen = false
  #current: ActiveConfig
  /** Of all ports; null: they speak plain HTTP. */
  readonly #certificate: ListenerCertificate | null
  #databricks: ReloadableListener | null = null

  constructor(config: Config, services: ProcessServices) {
    this.#services = services
    const { tls } = config.listen
    this.#certificate = tls === undefined ? null : new ListenerCertificate(tls, services.log)
    this.#current = new ActiveConfig(config, services)
  }

  /** Listens on the public ports; gives their addresses. Throws StartError. */
  async listen() {
    const { config } = this.#current
    const { own, databricks } = await this.#openPorts()
    const addresses = { listen: await listen(own, 'listen', config) }
    const others = databricks === null ? {} : { databricksHost: await listen(databricks, 'databricksHost', config) }
    this.#isOpen = true
    return { ...addresses, ...others }
  }

  /** In place of `listen`, where another process listens: connections come by the function that this resolves with. */
  async serveGiven(): Promise<(port: 'listen' | 'databricksHost', socket: Socket) => void> {
    const { own, databricks } = await this.#openPorts()
    this.#isOpen = true
    return (port, socket) => (port === 'listen' ? own : databricks)?.accept(socket)
  }

  async #openPorts() {
    const { apps } = this.#current
    await apps.ready()
    const open = (app: FastifyInstance) => {
      const listener = new ReloadableListener(app, this.#services.connections, clientTimeouts, this.#certificate)
      this.#listeners.push(listener)
      return listener
    }
    const own = open(apps.listen)
    this.#databricks = apps.databricksHost === null ? null : open(apps.databricksHost)
    return { own, databricks: this.#databricks }
  }

  /** Looks at MLflow once after start. */
  examine(): void {
    this.#current.examine()
    void this.#current.countUnowned()
  }

  /** What keeps the proxy from being ready; null: nothing. */
  waitsFor(): string | null {
    if (this.#services.connections.stopping) return 'the end of the requests in flight'
    if (!this.#isOpen) return 'the port for requests'
    return this.#current.waitsFor() ?? this.#waitsForUpstream()
  }

  /** Later outages, and a reload, are no reason to send callers elsewhere: they are answered. */
  #waitsForUpstream(): string | null {
    if (this.#wasSeen) return null
    const problem = this.#current.waitsForUpstream()
    this.#wasSeen = problem === null
    return problem
  }

  /** What operators should know of, or null. */
  concern(): string | null {
    return this.#current.health().find(({ concern }) => concern !== null)?.concern ?? null
  }

  /** For the status page. */
  status(): Status {
    const { config } = this.#current
    const refusals = this.#services.processState.refusals?.list() ?? []
    return { config, waitsFor: this.waitsFor(), health: this.#current.health(), refusals }
  }

  /** Puts another configuration to work. Rejects as `prepare`. */
  async replace(config: Config): Promise<void> {
    const { commit } = await this.prepare(config)
    commit(true)
  }

  /** Opens another configuration beside the one at work. Rejects where nobody could be served. */
  async prepare(config: Config): Promise<Prepared> {
    const next = new ActiveConfig(config, this.#services)
    await next.ready()
    const problem = next.waitsFor()
    if (problem !== null && this.#current.waitsFor() === null) {
      await next.close()
      throw new Error(`there is no answer from ${problem}; is the issuer down?`)
    }
    return { commit: (examines) => this.#use(next, examines), abandon: () => next.close() }
  }

  #use(next: ActiveConfig, examines: boolean): void {
    const old = this.#current
    this.#current = next
    const [listener] = this.#listeners
    listener?.use(next.apps.listen)
    if (next.apps.databricksHost !== null) this.#databricks?.use(next.apps.databricksHost)
    if (examines) next.examine()
    const gone = this.#retire(old).finally(() => this.#leaving.delete(gone))
    this.#leaving.add(gone)
  }

  async #retire(old: ActiveConfig): Promise<void> {
    await this.#services.connections.answered()
    await old.settled()
    await old.close()
  }

  /** Stops listening, waits for the requests in flight, and closes everything. */
  async close(): Promise<void> {
    this.#certificate?.close()
    await Promise.all(this.#listeners.map((listener) => listener.close()))
    await Promise.all([this.#current.close(), ...this.#leaving])
  }
}
