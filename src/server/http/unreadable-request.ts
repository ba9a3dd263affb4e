import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Audit } from '../observability/audit.ts'
import { newAuditRecord } from '../observability/audit-record.ts'
import type { Connections } from './connections.ts'
import { endNow, ignoreRest, isEnding } from './last-answer.ts'

// Clients may retry after 408, which is harmless: the request was not even parsed, so nothing was forwarded.
const answers: Readonly<Record<string, readonly [number, string, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'The request headers are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'The request did not arrive in time.'],
}

/** An answer as bytes: there is no request to answer. */
function writeAnswer(error: NodeJS.ErrnoException, requestId: string): { status: number; text: string } {
  const [status, phrase, message] = answers[error.code ?? ''] ?? [400, 'Bad Request', 'This is not a well-formed HTTP request.']
  const body = JSON.stringify({ error_code: 'BAD_REQUEST', message })
  const head = [
    `HTTP/1.1 ${status} ${phrase}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
    'connection: close',
  ]
  return { status, text: `${head.join('\r\n')}\r\n\r\n${body}` }
}

/**
 * Answers bytes that are not an HTTP request, and ends the connection, because the start of the next request is unknown. Requests before
 * them keep their answers; the bytes themselves are then not answered.
 */
export function refuseUnreadable(audit: Audit, connections: Connections): (error: NodeJS.ErrnoException, socket: Socket) => void {
  return (error, socket) => {
    if (error.code === 'ECONNRESET' || socket.destroyed) {
      socket.destroy(error)
      return
    }
    if (isEnding(socket)) {
      ignoreRest(socket)
      return
    }
    if (connections.endAfterAnswers(socket)) return
    if (!socket.writable || connections.isAnswering(socket)) {
      socket.destroy(error)
      return
    }
    const requestId = randomUUID()
    const record = newAuditRecord({ socket })
    const { status, text } = writeAnswer(error, requestId)
    socket.write(text)
    endNow(socket)
    audit.writeUnreadable(record, requestId, status)
  }
}
