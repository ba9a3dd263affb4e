import type { CustomFetchOptions } from 'oauth4webapi'
import { Agent, type Dispatcher, request } from 'undici'
import type { Outbound } from '../config/proxy-settings.ts'
import { outboundConnector, throughProxy } from '../network/connector.ts'

/** Milliseconds for connecting, and for each pause of an answer. */
const timeout = 10_000
/** Bytes. */
const longestAnswer = 256 * 1024

/** How the issuer is reached. No connection is kept: people seldom log in. */
export function issuerDispatcher(outbound: Outbound | undefined): Dispatcher {
  const connect = outboundConnector(outbound, timeout)
  return throughProxy(new Agent({ pipelining: 0, connect, maxResponseSize: longestAnswer }), outbound)
}

type Sent = CustomFetchOptions<'GET' | 'POST', URLSearchParams | undefined>

/** Sends a request of the OAuth library. Redirects are not followed. */
export async function issuerFetch(dispatcher: Dispatcher, url: string, { method, headers, body }: Sent): Promise<Response> {
  const sent = body === undefined ? {} : { body: body.toString() }
  const answer = await request(url, { dispatcher, method, headers, ...sent, headersTimeout: timeout, bodyTimeout: timeout })
  const text = await answer.body.text()
  // The library takes a WWW-Authenticate header for the whole error: it only gets the body, which says more.
  const type = String(answer.headers['content-type'] ?? '')
  return new Response(text || null, { status: answer.statusCode, headers: { 'content-type': type } })
}
