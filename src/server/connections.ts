import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { endBehind } from './http/last-answer.ts'

/** The client connections of a server: which of them have a request under way, and their orderly end. */
export class Connections {
  readonly #underWay = new Map<Socket, Set<ServerResponse>>()
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
    server.on('request', ({ socket }, response) => {
      const responses = this.#underWay.get(socket)
      responses?.add(response)
      response.once('close', () => {
        responses?.delete(response)
        if (this.#closing && responses?.size === 0) socket.end()
      })
    })
  }

  /** Whether a part of an answer has been written to a connection: whatever is written next would be taken for more of it. */
  isAnswering(socket: Socket): boolean {
    return [...(this.#underWay.get(socket) ?? [])].some(({ headersSent }) => headersSent)
  }

  /**
   * Ends a connection when the requests on it that came whole are answered: what comes behind them cannot be read. False where there is
   * none, or where the last one has not come whole: it is that one that cannot be read.
   */
  endAfterAnswers(socket: Socket): boolean {
    const responses = [...(this.#underWay.get(socket) ?? [])]
    const last = responses.at(-1)
    if (last?.req.complete !== true) return false
    endBehind(last)
    return true
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
