import { createRemoteJWKSet, type JWTVerifyGetKey, customFetch as keysFetch } from 'jose'
import {
  type AuthorizationServer,
  allowInsecureRequests,
  authorizationCodeGrantRequest,
  type Client,
  type ClientAuth,
  ClientSecretPost,
  type CustomFetchOptions,
  calculatePKCECodeChallenge,
  customFetch,
  discoveryRequest,
  getValidatedIdTokenClaims,
  None,
  processAuthorizationCodeResponse,
  processDiscoveryResponse,
  processRefreshTokenResponse,
  refreshTokenGrantRequest,
  type TokenEndpointResponse,
  validateAuthResponse,
} from 'oauth4webapi'
import type { Dispatcher } from 'undici'
import { type Expectation, readIssuers } from '../../policy/identity/claims.ts'
import type { LoginSettings } from '../config/config-login.ts'
import type { Outbound } from '../config/proxy-settings.ts'
import { readSecretFile } from '../config/secret-file.ts'
import { askIssuer, issuerDispatcher } from '../credentials/token-endpoint.ts'
import { loginPaths } from '../http/login-paths.ts'
import type { Attempt } from './attempt.ts'

/** What the issuer gives for a code or a refresh token. */
export interface IssuedTokens {
  readonly accessToken: string
  readonly refreshToken: string | null
  /** Of the ID token; none of a renewal that has none. */
  readonly claims: Readonly<Record<string, unknown>>
}

function tokensOf(response: TokenEndpointResponse): IssuedTokens {
  const { access_token: accessToken, refresh_token: refreshToken = null } = response
  return { accessToken, refreshToken, claims: getValidatedIdTokenClaims(response) ?? {} }
}

type Sent = CustomFetchOptions<'GET' | 'POST', URLSearchParams | undefined>

async function send(dispatcher: Dispatcher, url: string, { method, headers, body }: Sent): Promise<Response> {
  const sent = body === undefined ? {} : { body: body.toString() }
  const { status, contentType, text } = await askIssuer(dispatcher, url, { method, headers, ...sent })
  // What it says of itself is no answer to the login.
  if (status === 429 || status >= 500) throw new TypeError(`the issuer answers ${status}`)
  // The library takes a WWW-Authenticate header for the whole error: it only gets the body, which says more.
  return new Response(text || null, { status, headers: { 'content-type': contentType } })
}

/** Logs people in at the issuer: authorization code with PKCE. Rejects with the library's errors (`login-error.ts`). */
export class IssuerClient {
  readonly #settings: LoginSettings
  readonly issuer: string
  readonly #client: Client
  readonly #dispatcher: Dispatcher
  readonly #options
  #server: Promise<AuthorizationServer> | null = null
  #keys: JWTVerifyGetKey | null = null

  constructor(settings: LoginSettings, entra: Expectation, outbound?: Outbound) {
    this.#settings = settings
    this.issuer = readIssuers(entra)['2.0']
    this.#client = { client_id: settings.clientId }
    const dispatcher = issuerDispatcher(outbound)
    this.#dispatcher = dispatcher
    const fetch = (url: string, sent: Sent) => send(dispatcher, url, sent)
    // Whether plain http will do is checked with the configuration.
    this.#options = { [customFetch]: fetch, [allowInsecureRequests]: true } as const
  }

  /** The issuer's addresses, read once. */
  #discover(): Promise<AuthorizationServer> {
    this.#server ??= this.#read().catch((error) => {
      this.#server = null
      throw error
    })
    return this.#server
  }

  async #read(): Promise<AuthorizationServer> {
    const issuer = new URL(this.issuer)
    return processDiscoveryResponse(issuer, await discoveryRequest(issuer, this.#options))
  }

  /** Read at each use, so that a secret can be replaced. */
  #proof(): ClientAuth {
    const { clientSecretFile } = this.#settings
    return clientSecretFile === null ? None() : ClientSecretPost(readSecretFile(clientSecretFile))
  }

  /** Where the issuer sends browsers back to. */
  get callback(): string {
    return `${this.#settings.publicUrl}${loginPaths.callback}`
  }

  /** The issuer's page for an attempt. */
  async loginUrl({ state, nonce, verifier }: Attempt): Promise<string> {
    const { authorization_endpoint: endpoint } = await this.#discover()
    if (endpoint === undefined) throw new TypeError('the issuer has no page to log in')
    const { clientId, scope } = this.#settings
    const query = {
      client_id: clientId,
      redirect_uri: this.callback,
      response_type: 'code',
      response_mode: 'query',
      scope: `openid profile offline_access ${scope}`,
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    }
    const url = new URL(endpoint)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    return url.href
  }

  /** Exchanges the code that the issuer's answer to an attempt contains. */
  async redeem(answer: URLSearchParams, { state, nonce, verifier }: Attempt): Promise<IssuedTokens> {
    const server = await this.#discover()
    const code = validateAuthResponse(server, this.#client, answer, state)
    const proof = this.#proof()
    const request = [server, this.#client, proof, code, this.callback, verifier, this.#options] as const
    const response = await authorizationCodeGrantRequest(...request)
    const expected = { expectedNonce: nonce, requireIdToken: true }
    return tokensOf(await processAuthorizationCodeResponse(server, this.#client, response, expected))
  }

  /** New tokens for a login. */
  async renew(refreshToken: string): Promise<IssuedTokens> {
    const server = await this.#discover()
    // Without a scope, the issuer would choose another resource than this proxy. offline_access would be refused by one that did not grant it.
    const additionalParameters = { scope: `openid profile ${this.#settings.scope}` }
    const options = { ...this.#options, additionalParameters }
    const response = await refreshTokenGrantRequest(server, this.#client, this.#proof(), refreshToken, options)
    const tokens = tokensOf(await processRefreshTokenResponse(server, this.#client, response))
    return { ...tokens, refreshToken: tokens.refreshToken ?? refreshToken }
  }

  /** The issuer's page to log out, which comes back here; null if it has none. */
  async logoutUrl(): Promise<string | null> {
    const { end_session_endpoint: endpoint } = await this.#discover()
    if (endpoint === undefined) return null
    const url = new URL(endpoint)
    url.searchParams.set('client_id', this.#settings.clientId)
    url.searchParams.set('post_logout_redirect_uri', `${this.#settings.publicUrl}${loginPaths.loggedOut}`)
    return url.href
  }

  /** What finds the issuer's signing keys; an unknown one causes a reading every half a minute at most. */
  async keys(): Promise<JWTVerifyGetKey> {
    const { jwks_uri: address } = await this.#discover()
    if (address === undefined) throw new TypeError('the issuer has no keys')
    const read = async (url: string, { headers }: { readonly headers: Headers }) => {
      const { status, text } = await askIssuer(this.#dispatcher, url, { method: 'GET', headers: Object.fromEntries(headers) })
      if (status !== 200) throw new TypeError(`the issuer answers ${status}`)
      return new Response(text)
    }
    this.#keys ??= createRemoteJWKSet(new URL(address), { [keysFetch]: read })
    return this.#keys
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy()
  }
}
