// A server whose routes fail in ways that no handler catches. Prints its port, then its log.
import { Readable } from 'node:stream'
import Fastify, { type FastifyBaseLogger } from 'fastify'
import { addScopes, catchUnforeseen } from '../../src/server/http/unforeseen.ts'
import { newAuditRecord } from '../../src/server/observability/audit-record.ts'
import { createLog } from '../../src/server/observability/log.ts'
import { Metrics } from '../../src/server/observability/metrics.ts'

const log = createLog('info', { write: (line: string) => void process.stdout.write(line) })
const metrics = new Metrics()
const logger: FastifyBaseLogger = log.child({}, { level: 'error' })
const app = Fastify({ loggerInstance: logger })
app.decorateRequest('trail')
app.decorateRequest('gone')
addScopes(app)
app.addHook('onRequest', async (request) => {
  request.auditRecord = newAuditRecord(request.raw)
  request.gone = new AbortController().signal
})
const never = () => new Promise(() => undefined)
app.get('/timer', () => {
  setTimeout(() => {
    throw new Error('thrown by a timer')
  }, 5)
  return never()
})
app.get('/promise', () => {
  void Promise.reject(new Error('rejected, and nobody waits'))
  return never()
})
app.get('/stream', () => {
  new Readable({ read: () => undefined }).destroy(new Error('a stream without a listener'))
  return never()
})
app.get('/answering', (_request, reply) => {
  reply.raw.writeHead(200, { 'content-length': '100' }).write('half')
  setTimeout(() => {
    throw new Error('thrown in the middle of an answer')
  }, 5)
  return never()
})
app.get('/fine', async () => ({ fine: true }))
app.get('/metrics', async () => metrics.registry.metrics())
await app.listen({ port: 0, host: '127.0.0.1' })
catchUnforeseen(log, metrics)
log.info({ url: app.listeningOrigin }, 'listening')
