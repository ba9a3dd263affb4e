import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import type { Connections } from './connections.ts'
import { clientTimeouts, type Timeouts } from './http-server.ts'
import type { ListenerCertificate } from './listener-certificate.ts'
import { keepAliveAfter, openServer } from './open-server.ts'
import { listenOnSocket } from './unix-socket.ts'

/** A port for callers. It listens for as long as the process runs, and the application behind it may be replaced: the next request is the new one's. */
export class ReloadableListener {
  /** Listens, and has no routes. Fastify's own, as `localhost` may be several addresses. */
  readonly #shell: FastifyInstance
  #app: Server
  /** Connections that `accept` was given, which the server does not count. */
  readonly #given = new Set<Socket>()

  /** `app` is ready. */
  constructor(
    app: FastifyInstance,
    connections: Connections,
    timeouts: Timeouts = clientTimeouts,
    certificate: ListenerCertificate | null = null,
  ) {
    this.#app = app.server
    this.#shell = Fastify({
      serverFactory: () => {
        const server = openServer(timeouts, certificate)
        for (const event of ['request', 'checkContinue', 'checkExpectation'] as const)
          server.on(event, (message, response) => void this.#app.emit(event, message, response))
        server.on('clientError', (error, socket) => void this.#app.emit('clientError', error, socket))
        connections.watch(server)
        return server
      },
      clientErrorHandler: () => undefined,
      forceCloseConnections: 'idle',
    })
  }

  get server(): Server {
    return this.#shell.server
  }

  /** From now on requests are another application's, on open connections too. `app` is ready. */
  use(app: FastifyInstance): void {
    this.#app = app.server
  }

  /** Listens on an address, or on a Unix socket, and gives the URL of the address. Rejects with Node's error. */
  async listen(where: { readonly host: string; readonly port: number } | { readonly path: string }): Promise<string> {
    if (!('path' in where)) return this.#shell.listen({ ...where })
    await listenOnSocket(this.#shell, where.path)
    return where.path
  }

  /** Serves a connection that another process has accepted. Nothing of it was read. */
  accept(socket: Socket): void {
    // As of one that this server accepts itself.
    socket.allowHalfOpen = true
    socket.setNoDelay(true).setKeepAlive(true, keepAliveAfter)
    this.#given.add(socket)
    socket.once('close', () => this.#given.delete(socket))
    this.server.emit('connection', socket)
  }

  /** Stops listening, and waits for the requests in flight. */
  async close(): Promise<void> {
    await this.#shell.close()
    await Promise.all([...this.#given].map((socket) => new Promise((resolve) => socket.once('close', resolve))))
  }
}
