import { randomBytes, randomUUID } from 'node:crypto'
import type { ClientMetadata, JWTStructured } from 'oidc-provider'
import { audience, tenantId } from './issuer.ts'
import { databricksAudience, databricksClaims } from './workspace/authenticate.ts'

/** An application that is registered in the tenant, with the app roles that it was given. */
export interface Application {
  readonly clientId: string
  readonly clientSecret: string
  /** Of its service principal: the identity that tokens name. */
  readonly objectId: string
  readonly roles: readonly string[]
}

/** A local stand-in for Microsoft Entra ID, as programs see it. */
export interface Entra {
  readonly authority: string
  readonly tenantId: string
  readonly audience: string
  readonly tokenUrl: string
  readonly close: () => Promise<void>
}

/** Registers an application with the given app roles. */
export function registerApplication(...roles: string[]): Application {
  return { clientId: randomUUID(), clientSecret: randomBytes(24).toString('base64url'), objectId: randomUUID(), roles }
}

const scope = `${audience}/.default`
/** What an application asks for to get a token that Azure Databricks takes. */
export const databricksScope = `${databricksAudience}/.default`

/** The claims of an application's access token, version 2.0, or 1.0 for Databricks, as Microsoft documents them; times are the library's. */
export function entraClaims({ clientId, objectId, roles }: Application, { iss, iat, exp, ...asked }: JWTStructured['payload']) {
  if (asked.scope === databricksScope) {
    return { ...databricksClaims({ objectId, name: clientId }, tenantId), iat, nbf: iat, exp, roles: undefined }
  }
  const who = { azp: clientId, azpacr: '1', idtyp: 'app', oid: objectId, sub: objectId, tid: tenantId, roles }
  return { aud: audience, iss, iat, nbf: iat, exp, ...who, uti: randomBytes(16).toString('base64url'), ver: '2.0' }
}

/** An application as oidc-provider registers it. */
export function registeredClient({ clientId, clientSecret }: Application): ClientMetadata {
  return {
    client_id: clientId,
    client_secret: clientSecret,
    token_endpoint_auth_method: 'client_secret_post',
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
  }
}

/** Asks the token endpoint for an access token, as an application does; an error shows what the endpoint said. */
export async function requestToken({ tokenUrl }: Entra, { clientId, clientSecret }: Application, of = scope): Promise<string> {
  const credentials = { client_id: clientId, client_secret: clientSecret }
  const body = new URLSearchParams({ grant_type: 'client_credentials', scope: of, ...credentials })
  const response = await fetch(tokenUrl, { method: 'POST', body })
  const answer: { access_token?: string } = JSON.parse(await response.text())
  if (!response.ok || answer.access_token === undefined) {
    throw new Error(`the token endpoint answered ${response.status}: ${JSON.stringify(answer)}`)
  }
  return answer.access_token
}
