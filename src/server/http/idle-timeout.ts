import type { FastifyInstance } from 'fastify'

/**
 * Closes the connection of a client that sends no byte of a body it has begun, or takes none of its answer, for some milliseconds; while a
 * served model answers, for as long as that may pause.
 * Without a word: an answer such as 408 would make MLflow clients send again at once what did not get through.
 */
export function addIdleTimeout(app: FastifyInstance, milliseconds: number, modelPause: number): void {
  app.addHook('onRequest', async ({ raw, headers }, reply) => {
    if (headers['transfer-encoding'] === undefined && (headers['content-length'] ?? '0') === '0') return
    raw.socket.setTimeout(milliseconds)
    // After the answer the time-out is that of a kept connection, and Node's affair.
    raw.once('end', () => {
      if (!reply.raw.headersSent) raw.socket.setTimeout(0)
    })
  })
  app.addHook('onSend', ({ raw, granted }, _reply, _payload, done) => {
    const slow = granted?.grant.endpoint.bytes === 'both'
    raw.socket.setTimeout(slow ? Math.max(milliseconds, modelPause) : milliseconds)
    done()
  })
}
