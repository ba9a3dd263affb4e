import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { clientGone } from '../network/client-gone.ts'
import { type End, RequestEnd } from '../network/request-end.ts'
import { endBehind } from './last-answer.ts'
import { connectionEvent } from './listener-certificate.ts'

/** The client connections of a server: which of them have a request in flight, and their orderly end. */
export class Connections {
  /** What is under way on each connection, and what tells whoever works for it that its client is gone. */
  readonly #underWay = new Map<Socket, Map<ServerResponse, RequestEnd>>()
  /** The latest request on each connection, and its answer. */
  readonly #latest = new WeakMap<Socket, { readonly message: IncomingMessage; readonly response: ServerResponse }>()
  #stopping = false
  #closing = false

  /** Whether the server is draining: every answer then ends its connection. */
  get stopping(): boolean {
    return this.#stopping
  }

  /** How many requests are under way. */
  get underWay(): number {
    let count = 0
    for (const responses of this.#underWay.values()) count += responses.size
    return count
  }

  /** Tracks the connections of a server. */
  watch(server: Server): void {
    server.on(connectionEvent(server), (socket: Socket) => {
      this.#underWay.set(socket, new Map())
      socket.once('close', () => this.#lose(socket))
    })
    // Before the request's handler, which may need the request's end.
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
    // Includes pipelined requests that have not started: they get no close event.
    for (const [response, gone] of responses ?? []) this.#over(response, gone)
  }

  #over(response: ServerResponse, gone: RequestEnd): void {
    if (!response.writableFinished) gone.abort()
  }

  /** Aborted with `clientGone` if a request's connection closes before its answer is complete. */
  goneOf({ socket }: { readonly socket: Socket }, response: ServerResponse): End {
    const known = this.#underWay.get(socket)?.get(response)
    if (known !== undefined) return known
    const gone = new RequestEnd(clientGone)
    if (socket?.destroyed) gone.abort()
    return gone
  }

  /**
   * Whether part of an answer has been written to a connection, so that anything written next would be read as more of it. The same applies if
   * a request was answered before its body ended: another answer would be read as that of the next request.
   */
  isAnswering(socket: Socket): boolean {
    const latest = this.#latest.get(socket)
    if (latest?.response.headersSent && !latest.message.complete) return true
    return [...(this.#underWay.get(socket)?.keys() ?? [])].some(({ headersSent }) => headersSent)
  }

  /**
   * Ends a connection once its complete requests are answered, because the following bytes cannot be parsed. False if there are
   * none, or if the latest is incomplete: then that one cannot be parsed.
   */
  endAfterAnswers(socket: Socket): boolean {
    const responses = [...(this.#underWay.get(socket)?.keys() ?? [])]
    const last = responses.at(-1)
    if (last?.req.complete !== true) return false
    endBehind(last)
    return true
  }

  /** Resolves when every request that is in flight now is over. Later ones do not count. */
  async answered(): Promise<void> {
    const inFlight = [...this.#underWay.values()].flatMap((responses) => [...responses.keys()])
    await Promise.all(inFlight.map((response) => new Promise((resolve) => response.once('close', resolve))))
  }

  /** From now on every answer ends its connection. */
  stop(): void {
    this.#stopping = true
  }

  /** Closes idle connections (including those with an incomplete request), and the others as they finish. */
  close(): void {
    this.#stopping = true
    this.#closing = true
    for (const [socket, responses] of this.#underWay) if (responses.size === 0) socket.destroy()
  }
}
