import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import { writeUnreadableAudit } from './audit.ts'
import type { Connections } from './connections.ts'

/** Milliseconds in which the rest of what the client sends is read and dropped: bytes left unread would reset the answer away. */
const linger = 2_000

// 408 invites clients to send again, which harms nobody: the request was not even understood, so nothing of it went on.
const answers: Readonly<Record<string, readonly [number, string, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'The request headers are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'The request did not arrive in time.'],
}

/** Answers bytes that are no HTTP request, and ends the connection: where the next request would begin cannot be known. */
export function refuseUnreadable(log: Logger, connections: Connections): (error: NodeJS.ErrnoException, socket: Socket) => void {
  return (error, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable || connections.isAnswering(socket)) {
      socket.destroy(error)
      return
    }
    const [status, phrase, message] = answers[error.code ?? ''] ?? [400, 'Bad Request', 'This is not a well-formed HTTP request.']
    const body = JSON.stringify({ error_code: 'BAD_REQUEST', message })
    const requestId = randomUUID()
    const head = [
      `HTTP/1.1 ${status} ${phrase}`,
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(body)}`,
      `x-request-id: ${requestId}`,
      'connection: close',
    ]
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
    socket.resume()
    const timer = setTimeout(() => socket.destroy(), linger)
    socket.once('close', () => clearTimeout(timer))
    writeUnreadableAudit(log, requestId, status)
  }
}
