import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { clientGone } from '../network/client-gone.ts'
import { type End, RequestEnd } from '../network/request-end.ts'
import { endBehind } from './last-answer.ts'

/** The client connections of a server: which of them have a request under way, and their orderly end. */
export class Connections {
  /** What is under way on each connection, and what tells whoever works for it that its client is gone. */
  readonly #underWay = new Map<Socket, Map<ServerResponse, RequestEnd>>()
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
      this.#underWay.set(socket, new Map())
      socket.once('close', () => this.#lose(socket))
    })
    // Before whoever serves the request, who may ask for its end.
    server.prependListener('request', (message, response) => {
      const { socket } = message
      this.#latest.set(socket, { message, response })
      const responses = this.#underWay.get(socket)
      const gone = new RequestEnd(clientGone)
      responses?.set(response, gone)
      response.once('close', () => {
        this.#over(response, gone)
        responses?.delete(response)
        if (this.#closing && responses?.size === 0) socket.end()
      })
    })
  }

  #lose(socket: Socket): void {
    const responses = this.#underWay.get(socket)
    this.#underWay.delete(socket)
    // Also those that were asked on the same connection and have not had their turn: they are told of no close.
    for (const [response, gone] of responses ?? []) this.#over(response, gone)
  }

  #over(response: ServerResponse, gone: RequestEnd): void {
    if (!response.writableFinished) gone.abort()
  }

  /** Aborted, with `clientGone`, when the connection of a request closes before its answer is over. */
  goneOf({ socket }: { readonly socket: Socket }, response: ServerResponse): End {
    const known = this.#underWay.get(socket)?.get(response)
    if (known !== undefined) return known
    const gone = new RequestEnd(clientGone)
    if (socket?.destroyed) gone.abort()
    return gone
  }

  /**
   * Whether a part of an answer has been written to a connection: whatever is written next would be taken for more of it. So it is when
   * a request was answered before its body came to its end: another answer would be taken for that of the next request.
   */
  isAnswering(socket: Socket): boolean {
    const latest = this.#latest.get(socket)
    if (latest?.response.headersSent && !latest.message.complete) return true
    return [...(this.#underWay.get(socket)?.keys() ?? [])].some(({ headersSent }) => headersSent)
  }

  /**
   * Ends a connection when the requests on it that came whole are answered: what comes behind them cannot be read. False where there is
   * none, or where the last one has not come whole: it is that one that cannot be read.
   */
  endAfterAnswers(socket: Socket): boolean {
    const responses = [...(this.#underWay.get(socket)?.keys() ?? [])]
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
