import type { Logger } from 'pino'
import type { OwnCredentials, UpstreamCredentials } from '../config/config-types.ts'
import type { Outbound } from '../config/proxy-settings.ts'
import { readPasswordFile } from '../config/secret-file.ts'
import { basicAuthorization } from '../network/basic-authorization.ts'
import type { CredentialSource } from './credential-source.ts'
import { ExchangedTokens } from './exchanged-tokens.ts'
import { requestOwnToken } from './managed-identity.ts'
import { RenewedToken, type RenewedTokenOptions } from './renewed-token.ts'
import { issuerDispatcher, requestToken } from './token-endpoint.ts'
import { TokenFile } from './token-file.ts'
import { ownTokenRequest } from './token-request.ts'

/** The token of the proxy itself. */
export interface OwnToken {
  /** A valid token. Throws Refusal 'upstream-unavailable' if there is none. */
  read(): Promise<string>
  /** Records that it was not accepted; true if another one may be had. */
  drop?(token: string): boolean
}

/** What both the log and the tests choose. */
export interface CredentialParts {
  readonly log: Pick<Logger, 'warn'>
  readonly outbound?: Outbound | undefined
  /** Milliseconds. */
  readonly clock?: () => number
  /** For callers, while there is no token. */
  readonly unavailable?: string
}

/** The token that the proxy itself has by these credentials. */
export function openOwnToken(credentials: OwnCredentials, { outbound, ...parts }: CredentialParts): OwnToken {
  if (credentials.mode === 'token') return new TokenFile(credentials.file, parts.log, parts.clock)
  const dispatcher = issuerDispatcher(outbound)
  const renewed = (ask: RenewedTokenOptions['ask']) =>
    new RenewedToken({ ...parts, ask, about: { clientId: credentials.clientId } })
  if (credentials.mode === 'managedIdentity') return renewed(() => requestOwnToken(dispatcher, credentials))
  return renewed(async () => requestToken(dispatcher, await ownTokenRequest(credentials)))
}

function bearer(tokens: OwnToken): CredentialSource {
  return {
    read: async () => ({ authorization: `Bearer ${await tokens.read()}` }),
    refuse: (_caller, { authorization = '' }) => tokens.drop?.(authorization.slice('Bearer '.length)) ?? false,
  }
}

function basic(username: string, password: TokenFile): CredentialSource {
  return { read: async () => ({ authorization: basicAuthorization(username, await password.read()) }), refuse: () => false }
}

/** The headers that the configured credentials stand for. A new mode is a new case here, and a file beside this one. */
export function openCredentials(credentials: UpstreamCredentials, parts: CredentialParts): CredentialSource {
  switch (credentials.mode) {
    case 'none':
      return { read: () => ({}), refuse: () => false }
    case 'passthrough':
      return { read: ({ authorization }) => (authorization === null ? {} : { authorization }), refuse: () => false }
    case 'basic':
      return basic(credentials.username, new TokenFile(credentials.passwordFile, parts.log, parts.clock, readPasswordFile))
    case 'onBehalfOf':
      return new ExchangedTokens(credentials, issuerDispatcher(parts.outbound), parts.log, parts.clock)
    default:
      return bearer(openOwnToken(credentials, parts))
  }
}
