import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { exportJWK, generateKeyPair } from 'jose'
import Provider, { type Adapter, type ClientMetadata, type Configuration, type JWTStructured } from 'oidc-provider'
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

/** A local stand-in for Microsoft Entra ID: the certified library oidc-provider, with Entra's addresses and claims. */
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

// Below the tenant's path, as Entra has them; nothing else is served.
const routes = { token: '/oauth2/v2.0/token', jwks: '/discovery/v2.0/keys' }

const scope = `${audience}/.default`
/** What an application asks for to get a token that Azure Databricks takes. */
export const databricksScope = `${databricksAudience}/.default`

/** Seconds that a token is good for. */
const lifetime = 3600

const features: Configuration['features'] = {
  devInteractions: { enabled: false },
  clientCredentials: { enabled: true },
  resourceIndicators: {
    enabled: true,
    defaultResource: () => audience,
    getResourceServerInfo: () => ({
      scope: `${scope} ${databricksScope}`,
      audience,
      accessTokenTTL: lifetime,
      accessTokenFormat: 'jwt',
      jwt: { sign: { alg: 'RS256' } },
    }),
  },
}

// Nothing is kept: the applications are listed in the configuration and the tokens speak for themselves.
const nothingKept = (): Adapter => ({
  upsert: async () => undefined,
  find: async () => undefined,
  findByUid: async () => undefined,
  findByUserCode: async () => undefined,
  consume: async () => undefined,
  destroy: async () => undefined,
  revokeByGrantId: async () => undefined,
})

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

async function configure(applications: readonly Application[]): Promise<Configuration> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const key = { ...(await exportJWK(privateKey)), kid: randomBytes(20).toString('base64url'), use: 'sig', alg: 'RS256' }
  return {
    adapter: nothingKept,
    jwks: { keys: [key] },
    clients: applications.map(registeredClient),
    routes,
    ttl: { ClientCredentials: lifetime },
    features,
    formats: {
      customizers: {
        jwt(_context, { clientId }, token) {
          const application = applications.find((known) => known.clientId === clientId)
          if (application === undefined) throw new Error('a token for an application that is not registered')
          token.header = { typ: 'JWT' }
          token.payload = entraClaims(application, token.payload)
        },
      },
    },
  }
}

/** Starts the stand-in on a free port of this machine, with the applications of its one tenant. */
export async function startEntra(applications: readonly Application[]): Promise<Entra> {
  let handle: RequestListener = (_request, response) => void response.writeHead(503).end()
  const server = createServer((request, response) => {
    const route = Object.values(routes).find((path) => request.url === `/${tenantId}${path}`)
    if (route === undefined) return void response.writeHead(404).end()
    request.url = route
    handle(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the issuer has no port')
  const authority = `http://127.0.0.1:${address.port}`
  const issuer = `${authority}/${tenantId}/v2.0`
  handle = new Provider(issuer, await configure(applications)).callback()
  const close = async () => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  return { authority, tenantId, audience, tokenUrl: `${authority}/${tenantId}${routes.token}`, close }
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
