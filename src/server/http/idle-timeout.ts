import type { FastifyInstance } from 'fastify'

/**
 * Closes the connection of a client that stops in the middle of a body, or does not read its answer, for some milliseconds; while a
 * served model answers, for as long as the model may pause.
 * No answer is sent: a status such as 408 would make MLflow clients retry at once.
 */
export function addIdleTimeout(app: FastifyInstance, milliseconds: number, modelPause: number): void {
  app.addHook('onRequest', ({ raw, headers }, reply, done) => {
    if (headers['transfer-encoding'] === undefined && (headers['content-length'] ?? '0') === '0') return done()
    raw.socket.setTimeout(milliseconds)
    // After the answer Node's keep-alive time-out applies.
    raw.once('end', () => {
      if (!reply.raw.headersSent) raw.socket.setTimeout(0)
    })
    done()
  })
  app.addHook('onSend', ({ raw, granted }, _reply, _payload, done) => {
    const slow = granted?.grant.endpoint.bytes === 'both'
    raw.socket.setTimeout(slow ? Math.max(milliseconds, modelPause) : milliseconds)
    done()
  })
}
