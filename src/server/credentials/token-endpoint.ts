import {
  allowInsecureRequests,
  type ClientAuth,
  type CustomFetchOptions,
  customFetch,
  genericTokenEndpointRequest,
  processGenericTokenEndpointResponse,
} from 'oauth4webapi'
import { Agent, type Dispatcher, request } from 'undici'
import type { Outbound } from '../config/proxy-settings.ts'
import { outboundConnector, throughProxy } from '../network/connector.ts'
import { readRetryAfter, secondsToWait } from '../network/retry-after.ts'
import { noToken, withoutAnswer } from './issuer-error.ts'

/** A token and the seconds for which it holds from now on. */
export interface Grant {
  readonly token: string
  readonly seconds: number
}

/** What a token endpoint is asked. */
export interface TokenRequest {
  readonly tokenUrl: string
  readonly clientId: string
  readonly proof: ClientAuth
  readonly grantType: string
  readonly parameters: Readonly<Record<string, string>>
}

const timeout = 10_000
/** Seconds for which an issuer is left alone at most, whatever it says. */
const longestRest = 60
/** Bytes. */
const longestAnswer = 64 * 1024

/** How issuers are reached. There is a request an hour: no connection is kept for it. */
export function issuerDispatcher(outbound: Outbound | undefined): Dispatcher {
  const connect = outboundConnector(outbound, timeout)
  return throughProxy(new Agent({ pipelining: 0, connect, maxResponseSize: longestAnswer }), outbound)
}

/** The token in an answer. Throws IssuerError if there is none that could be sent in a header. */
export function grantOf(token: unknown, seconds: number, status: number): Grant {
  if (typeof token !== 'string' || !/^[!-~]+$/.test(token) || !(seconds > 0 && Number.isFinite(seconds))) throw noToken(status)
  return { token, seconds }
}

interface IssuersAnswer {
  readonly status: number
  readonly contentType: string
  /** Seconds for which the issuer asks not to be asked again, as far as that is done; 0 if it does not. */
  readonly retryAfter: number
  readonly text: string
}

/** Sends a request to an issuer and reads its answer whole; redirects are not followed. */
export async function askIssuer(
  dispatcher: Dispatcher,
  url: string,
  options: { readonly method: 'GET' | 'POST'; readonly headers: Record<string, string>; readonly body?: string },
): Promise<IssuersAnswer> {
  const limits = { dispatcher, headersTimeout: timeout, bodyTimeout: timeout }
  const { statusCode: status, headers, body } = await request(url, { ...options, ...limits })
  const retryAfter = Math.min(secondsToWait(readRetryAfter(headers['retry-after'])), longestRest)
  return { status, contentType: String(headers['content-type'] ?? ''), retryAfter, text: await body.text() }
}

/** Asks a token endpoint. Throws IssuerError for what it answers instead, and the error of the network otherwise. */
export async function requestToken(dispatcher: Dispatcher, asked: TokenRequest): Promise<Grant> {
  const server = { issuer: asked.tokenUrl, token_endpoint: asked.tokenUrl }
  const client = { client_id: asked.clientId }
  let [status, retryAfter] = [0, 0]
  const send = async (url: string, { headers, body }: CustomFetchOptions<'POST', URLSearchParams>): Promise<Response> => {
    const answer = await askIssuer(dispatcher, url, { method: 'POST', headers, body: body.toString() })
    status = answer.status
    retryAfter = answer.retryAfter
    // The library takes a WWW-Authenticate header for the whole error: it only gets the body, which says more.
    return new Response(answer.text || null, { status, headers: { 'content-type': answer.contentType } })
  }
  // Whether plain http will do is checked with the configuration.
  const options = { [customFetch]: send, [allowInsecureRequests]: true }
  try {
    const response = await genericTokenEndpointRequest(server, client, asked.proof, asked.grantType, asked.parameters, options)
    const { access_token: token, expires_in: seconds = 0 } = await processGenericTokenEndpointResponse(server, client, response)
    return grantOf(token, seconds, status)
  } catch (error) {
    throw withoutAnswer(error, status, retryAfter)
  }
}
