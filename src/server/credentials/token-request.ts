import type { TokenClient } from '../config/config-types.ts'
import { readSecretFile } from '../config/secret-file.ts'
import { proofOf } from './client-proof.ts'
import type { TokenRequest } from './token-endpoint.ts'

const grants = {
  assertion: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
  exchange: 'urn:ietf:params:oauth:grant-type:token-exchange',
} as const

function exchangeOf(token: string): Record<string, string> {
  return { subject_token: token, subject_token_type: 'urn:ietf:params:oauth:token-type:jwt' }
}

/** Who the application is, and what for. */
async function baseOf(client: TokenClient): Promise<Pick<TokenRequest, 'tokenUrl' | 'clientId' | 'proof'>> {
  // An exchange without a client id sends none; the library wants to have one.
  return { tokenUrl: client.tokenUrl, clientId: client.clientId ?? 'none', proof: await proofOf(client) }
}

/** Asks for a token of the application itself. Throws if a file of it cannot be read. */
export async function ownTokenRequest(client: TokenClient): Promise<TokenRequest> {
  const { issuer, tokenFile, scope } = client
  if (issuer === 'entra' || tokenFile === undefined) {
    return { ...(await baseOf(client)), grantType: 'client_credentials', parameters: { scope } }
  }
  return {
    ...(await baseOf(client)),
    grantType: grants.exchange,
    parameters: { scope, ...exchangeOf(readSecretFile(tokenFile)) },
  }
}

/** Asks for a token of a caller's, for theirs. Throws if a file of the application cannot be read. */
export async function exchangeRequest(client: TokenClient, token: string): Promise<TokenRequest> {
  const { issuer, scope } = client
  if (issuer === 'databricks')
    return { ...(await baseOf(client)), grantType: grants.exchange, parameters: { scope, ...exchangeOf(token) } }
  const parameters = { scope, assertion: token, requested_token_use: 'on_behalf_of' }
  return { ...(await baseOf(client)), grantType: grants.assertion, parameters }
}
