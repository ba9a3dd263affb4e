import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import closeWithGrace from 'close-with-grace'
import type { Logger } from 'pino'
import { Refusal } from '../../policy/reasons.ts'
import { isLoopback } from '../config/url-checks.ts'
import { type OwnToken, openOwnToken } from '../credentials/open-credentials.ts'
import { LineSink } from '../observability/line-sink.ts'
import { createLog } from '../observability/log.ts'
import { standardOutlet } from '../observability/log-outlet.ts'
import { createAgent } from './agent.ts'
import { AgentProblem, type AgentSettings } from './agent-settings.ts'

/** Milliseconds for requests in flight after SIGTERM, and for the last log lines. */
const finish = 30_000
const lastWords = 2_000

/** Tells the kubelet whether there is a token, and nothing else. */
export function createProbes(token: OwnToken): Server {
  return createServer(async (message, response) => {
    if (message.url !== '/livez' && message.url !== '/readyz') return void response.writeHead(404).end()
    const waiting = message.url === '/livez' ? null : await token.read().then(() => null, String)
    response.writeHead(waiting === null ? 200 : 503, { 'content-type': 'application/json' })
    response.end(JSON.stringify(waiting === null ? { status: 'ready' } : { status: 'not ready', waitingFor: 'a token' }))
  })
}

async function listen(server: Server, { host, port }: { readonly host: string; readonly port: number }, option: string) {
  try {
    await once(server.listen(port, host), 'listening')
  } catch (error) {
    throw new AgentProblem(`${option}: cannot listen on ${host} port ${port} (${String(error)}); choose another address`)
  }
}

async function warm(token: OwnToken, log: Logger): Promise<void> {
  try {
    await token.read()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    log.warn('there is no token yet; every request asks for one')
  }
}

/** Passes requests on until SIGTERM or SIGINT. Throws AgentProblem if it cannot listen. */
export async function runAgent({ to, listen: address, probes, credentials, outbound }: AgentSettings): Promise<void> {
  const sink = new LineSink(standardOutlet(), { lost: () => undefined })
  process.once('exit', () => sink.flush())
  const log = createLog('info', sink)
  const unavailable = 'The agent cannot get a token for the proxy at the moment. Try again shortly.'
  const token = openOwnToken(credentials, { log, outbound, unavailable })
  const agent = createAgent({ to, token, log, outbound })
  const probing = probes === null ? null : createProbes(token)
  // The probes first: an agent that cannot listen for them serves nobody, and the process ends.
  if (probing !== null && probes !== null) await listen(probing, probes, '--probes')
  await listen(agent, address, '--listen').catch((error: unknown) => {
    probing?.close()
    throw error
  })
  const servers = probing === null ? [agent] : [agent, probing]
  if (to.protocol === 'http:' && !isLoopback(to.hostname))
    log.warn('--to is plain http to another machine: anybody on the way can read the token')
  log.info({ to: to.href, ...address }, 'passing requests on')
  void warm(token, log)
  closeWithGrace({ delay: finish + lastWords, logger: log }, async () => {
    const closed = servers.map((server) => once(server.close(), 'close'))
    for (const server of servers) server.closeIdleConnections()
    await Promise.all(closed)
    await sink.end(lastWords)
  })
}
