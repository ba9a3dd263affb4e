import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { isMapping } from '../config/mapping.ts'

/** Milliseconds between two checks, and the time for which a client is observed before it is judged. */
const times = { look: 1_000, judged: 60_000 } as const

type Seen = Pick<IncomingMessage, 'complete' | 'readableLength'> & {
  readonly socket: Pick<Socket, 'bytesRead' | 'bytesWritten' | 'writableLength'>
}

/** Bytes of a large chunk of an answer that the client has not read yet: Node counts such a chunk as one. */
function queueOf(socket: object): number {
  const handle: unknown = '_handle' in socket ? socket._handle : null
  return isMapping(handle) && typeof handle.writeQueueSize === 'number' ? handle.writeQueueSize : 0
}

/**
 * How fast a client sends its body and reads its answer, measured only while the proxy waits for it: time that MLflow needs, or in which the
 * proxy does not read, is not counted.
 */
export class ClientPace {
  readonly #request: Seen
  readonly #response: Pick<ServerResponse, 'headersSent'>
  #waited = 0
  #moved = 0
  #seen = { read: 0, taken: 0, queue: 0 }

  constructor(request: Seen, response: Pick<ServerResponse, 'headersSent'>) {
    this.#request = request
    this.#response = response
    this.#seen = this.#look()
  }

  /** Records that time has passed. Returns whether the client was too slow for too long. */
  pass(milliseconds: number, leastRate: number): boolean {
    const { socket, complete, readableLength } = this.#request
    const before = this.#seen
    this.#seen = this.#look()
    const { read, taken, queue } = this.#seen
    const sends = !complete && readableLength === 0
    const takes = this.#response.headersSent && socket.writableLength > 0
    const moved = read - before.read + Math.max(taken - before.taken, before.queue - queue, 0)
    this.#moved += moved
    if (!sends && !takes) return false
    this.#waited += milliseconds
    if (this.#waited < times.judged) return false
    const isSlow = this.#moved < (leastRate * this.#waited) / 1_000
    this.#waited = 0
    this.#moved = 0
    return isSlow
  }

  #look() {
    const { socket } = this.#request
    return { read: socket.bytesRead, taken: socket.bytesWritten - socket.writableLength, queue: queueOf(socket) }
  }
}

/** Closes connections of clients below this many bytes a second, without an answer, which would make them retry. Needs the request's admission. */
export function addLeastRate(app: FastifyInstance, leastRate: number): void {
  if (leastRate === 0) return
  const paces = new Map<ClientPace, Socket>()
  const look = () => {
    for (const [pace, socket] of paces) if (pace.pass(times.look, leastRate)) socket.destroy()
  }
  const timer = setInterval(look, times.look).unref()
  app.addHook('onClose', async () => clearInterval(timer))
  app.addHook('onRequest', ({ raw, admission }, reply, done) => {
    const pace = new ClientPace(raw, reply.raw)
    paces.set(pace, raw.socket)
    admission.atEnd(() => paces.delete(pace))
    done()
  })
}
