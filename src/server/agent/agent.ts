import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { Pool } from 'undici'
import { Refusal, reasons } from '../../policy/reasons.ts'
import type { Outbound } from '../config/proxy-settings.ts'
import type { OwnToken } from '../credentials/open-credentials.ts'
import { throughProxy } from '../network/connector.ts'
import { checkLocalCaller } from '../network/local-caller.ts'
import { describeNetworkError } from '../network/network-error.ts'
import { isUnsent, upstreamConnector } from '../upstream/upstream-connector.ts'
import { passOn, type Target } from './pass-on.ts'

/** What an agent is made of. */
export interface AgentParts {
  /** The proxy that decides: an origin, and a path such as `/env/acc` if the agent's programs are in several environments. */
  readonly to: URL
  readonly token: OwnToken
  readonly log: Pick<Logger, 'warn'>
  readonly outbound?: Outbound | undefined
}

/** Milliseconds. */
const connectTimeout = 10_000

/** No limits but that of connecting: the proxy has its own, and a caller that goes away ends its request. */
function openPool({ to, outbound }: AgentParts): Pool {
  const connect = upstreamConnector(connectTimeout, outbound)
  return new Pool(to.origin, { connect, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 })
}

/** What a caller is told: to try again only when nothing was sent, or sending twice is harmless. */
function refusalOf(error: unknown, method = 'GET'): Refusal {
  if (error instanceof Refusal) return error
  if (isUnsent(error)) return new Refusal('upstream-unavailable', 'The proxy does not answer at the moment. Try again shortly.')
  if (method === 'GET' || method === 'HEAD')
    return new Refusal('upstream-unavailable', 'The connection to the proxy broke. Try again shortly.')
  return new Refusal(
    'outcome-unknown',
    'The connection to the proxy broke after the request was sent: it may have been carried out. Check before you send it again.',
  )
}

/** Answers in MLflow's form. What is left of the request is not read. */
function refuse(response: ServerResponse, { reason, message }: Refusal): void {
  const { status, errorCode } = reasons[reason]
  const again = status === 503 ? { 'retry-after': '1' } : {}
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close', ...again })
  response.end(JSON.stringify({ error_code: errorCode, message }))
}

async function serve(message: IncomingMessage, response: ServerResponse, { token }: AgentParts, target: Target): Promise<void> {
  checkLocalCaller(message)
  const own = await token.read()
  const status = await passOn(message, response, target, `Bearer ${own}`)
  // The next request has another one, if there is.
  if (status === 401) token.drop?.(own)
}

/** A server that passes every request to the proxy, with a token of its own in place of the caller's. It decides nothing. */
export function createAgent(parts: AgentParts): Server {
  const pool = openPool(parts)
  const basePath = parts.to.pathname.replace(/\/$/, '')
  const target = { pool: throughProxy(pool, parts.outbound, parts.to.origin), basePath }
  const server = createServer({ requestTimeout: 0 }, (message, response) => {
    serve(message, response, parts, target).catch((error: unknown) => {
      // An answer that has begun can only be cut off; a caller that went away gets none.
      if (response.headersSent || response.destroyed) return void response.destroy()
      const refusal = refusalOf(error, message.method)
      if (error !== refusal) parts.log.warn({ problem: describeNetworkError(error) }, 'the proxy could not be used')
      refuse(response, refusal)
    })
  })
  server.once('close', () => void pool.destroy())
  return server
}
