import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** What is still read of a connection, and dropped, when its last answer is out: bytes left unread would reset the answer away. */
const linger = {
  /** Milliseconds in all, after which the connection is destroyed. */
  total: 5_000,
  /** Bytes after which nothing more is read; the client still has its time to see the answer. */
  bytes: 64 * 1024 * 1024,
} as const

/** Connections that end with an answer that has been chosen: nothing that comes on them is a request any more. */
const ending = new WeakSet<Socket>()

/** Whether a connection ends with an answer that is out or on its way. */
export function isEnding(socket: Socket): boolean {
  return ending.has(socket)
}

/** From now on nothing that comes on the connection is a request. Its answer is made the last one by `endAfter`. */
export function distrust(socket: Socket): void {
  ending.add(socket)
}

/** Sends what has been written, and destroys the connection when the client is done with it or its time is over. */
export function endNow(socket: Socket): void {
  ending.add(socket)
  if (socket.writableEnded) return
  socket.end()
  const timer = setTimeout(() => socket.destroy(), linger.total)
  socket.once('close', () => clearTimeout(timer))
}

/** Reads and drops what is left of a body, as far as it is not too much. */
function dropRest(request: IncomingMessage): void {
  let dropped = 0
  request.on('data', (chunk: Buffer) => {
    dropped += chunk.length
    if (dropped > linger.bytes) request.pause()
  })
  request.resume()
}

/** Makes an answer whose head is not written yet the last one of its connection. */
export function endAfter(request: IncomingMessage, response: ServerResponse): void {
  const { socket } = request
  ending.add(socket)
  response.setHeader('connection', 'close')
  // Node would destroy the connection as soon as the answer is out, whatever is still to be read.
  socket.destroySoon = () => endNow(socket)
  if (!request.complete) response.once('prefinish', () => dropRest(request))
}

/** Ends a connection with the answer to the last request that could be read; those before it are answered, too. */
export function endBehind(response: ServerResponse): void {
  const { socket } = response.req
  ignoreRest(socket)
  if (response.headersSent) response.once('close', () => endNow(socket))
  else response.shouldKeepAlive = false
  socket.destroySoon = () => endNow(socket)
}

/** Stops reading where something comes behind the last answer. The time of the connection goes on. */
export function ignoreRest(socket: Socket): void {
  socket.pause()
}
