import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** How much is still read from a connection, and discarded, after its last answer: unread bytes would cause a reset before the client reads it. */
const linger = {
  /** Milliseconds in total, after which the connection is destroyed. */
  total: 5_000,
  /** Bytes after which nothing more is read; the client still has its time to read the answer. */
  bytes: 64 * 1024 * 1024,
} as const

/** Connections whose last answer has been chosen: nothing that arrives on them is a request any more. */
const ending = new WeakSet<Socket>()

/** Whether a connection ends with an answer that is already sent or being sent. */
export function isEnding(socket: Socket): boolean {
  return ending.has(socket)
}

/** From now on nothing on this connection is a request. `endAfter` makes its answer the last one. */
export function distrust(socket: Socket): void {
  ending.add(socket)
}

/** Sends what was written, and destroys the connection once the client has closed it or the time is up. */
export function endNow(socket: Socket): void {
  ending.add(socket)
  if (socket.writableEnded) return
  socket.end()
  const timer = setTimeout(() => socket.destroy(), linger.total)
  socket.once('close', () => clearTimeout(timer))
}

/** Reads and discards the rest of a body, up to the limit. */
function dropRest(request: IncomingMessage): void {
  let dropped = 0
  request.on('data', (chunk: Buffer) => {
    dropped += chunk.length
    if (dropped > linger.bytes) request.pause()
  })
  request.resume()
}

/** Makes an answer whose head is not written yet the last one on its connection. */
export function endAfter(request: IncomingMessage, response: ServerResponse): void {
  const { socket } = request
  ending.add(socket)
  response.setHeader('connection', 'close')
  // Node would destroy the connection as soon as the answer is sent, even with unread bytes.
  socket.destroySoon = () => endNow(socket)
  if (!request.complete) response.once('prefinish', () => dropRest(request))
}

/** Ends a connection with the answer to the last complete request; earlier ones are answered, too. */
export function endBehind(response: ServerResponse): void {
  const { socket } = response.req
  ignoreRest(socket)
  if (response.headersSent) response.once('close', () => endNow(socket))
  else response.shouldKeepAlive = false
  socket.destroySoon = () => endNow(socket)
}

/** Stops reading if bytes follow the last answer. The connection's time limit still applies. */
export function ignoreRest(socket: Socket): void {
  socket.pause()
}
