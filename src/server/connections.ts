import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** The client connections of a server: which of them have a request under way, and their orderly end. */
export class Connections {
  readonly #underWay = new Map<Socket, Set<ServerResponse>>()
  /** The request that came last on each connection, and its answer. */
  readonly #latest = new WeakMap<Socket, { readonly message: IncomingMessage; readonly response: ServerResponse }>()
  #stopping = false
  #closing = false

  /** Whether clients are to go elsewhere: every answer then ends its connection. */
  get stopping(): boolean {
    return this.#stopping
  }

  /** Follows the connections of a server. */
  watch(server: Server): void {
    server.on('connection', (socket) => {
      this.#underWay.set(socket, new Set())
      socket.once('close', () => this.#underWay.delete(socket))
    })
    server.on('request', (message, response) => {
      const { socket } = message
      this.#latest.set(socket, { message, response })
      const responses = this.#underWay.get(socket)
      responses?.add(response)
      response.once('close', () => {
        responses?.delete(response)
        if (this.#closing && responses?.size === 0) socket.end()
      })
    })
  }

  /**
   * Whether a part of an answer has been written to a connection: whatever is written next would be taken for more of it. So it is when
   * a request was answered before its body came to its end: another answer would be taken for that of the next request.
   */
  isAnswering(socket: Socket): boolean {
    const latest = this.#latest.get(socket)
    if (latest?.response.headersSent && !latest.message.complete) return true
    return [...(this.#underWay.get(socket) ?? [])].some(({ headersSent }) => headersSent)
  }

  /** From now on every answer ends its connection. */
  stop(): void {
    this.#stopping = true
  }

  /** Ends the connections on which nothing is asked (also those that never finished asking), and the others as they finish. */
  close(): void {
    this.#stopping = true
    this.#closing = true
    for (const [socket, responses] of this.#underWay) if (responses.size === 0) socket.destroy()
  }
}
