import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { exportJWK, generateKeyPair } from 'jose'
import Provider, { type Configuration } from 'oidc-provider'
import { audience, tenantId } from './issuer.ts'

/** Somebody who can log in. */
export interface Person {
  readonly objectId: string
  readonly name: string
  readonly roles: readonly string[]
}

/** A person with the given app roles. */
export function person(name: string, ...roles: string[]): Person {
  return { objectId: randomUUID(), name, roles }
}

/** What the stand-in does otherwise than an honest Entra. */
export interface Tricks {
  /** Claims of access tokens and of ID tokens, besides the honest ones. */
  accessClaims?: Record<string, unknown>
  idClaims?: Record<string, unknown>
  /** Answers no request of the token endpoint. */
  down?: boolean
}

/** Entra ID as the login uses it: the certified library oidc-provider, with Entra's addresses and claims. Whoever comes is `who`. */
export interface EntraLogin {
  readonly authority: string
  readonly clientId: string
  readonly clientSecret: string
  who: Person
  readonly tricks: Tricks
  /** The grant types that the token endpoint was asked for. */
  readonly grants: string[]
  close(): Promise<void>
}

const scope = `${audience}/.default`
const routes = {
  authorization: '/oauth2/v2.0/authorize',
  token: '/oauth2/v2.0/token',
  jwks: '/discovery/v2.0/keys',
  end_session: '/oauth2/v2.0/logout',
}

interface Registration {
  readonly publicUrl: string
  readonly clientId: string
  readonly clientSecret: string
}

const features: Configuration['features'] = {
  devInteractions: { enabled: false },
  resourceIndicators: {
    enabled: true,
    defaultResource: () => audience,
    useGrantedResource: () => true,
    getResourceServerInfo: () => ({
      scope,
      audience,
      accessTokenTTL: 3600,
      accessTokenFormat: 'jwt',
      jwt: { sign: { alg: 'RS256' } },
    }),
  },
}

async function signingKey() {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  return { ...(await exportJWK(privateKey)), kid: randomBytes(20).toString('base64url'), use: 'sig', alg: 'RS256' }
}

async function configure(fake: EntraLogin, registration: Registration): Promise<Configuration> {
  const { publicUrl, clientId, clientSecret } = registration
  const names = ({ objectId, name }: Person) => ({
    oid: objectId,
    tid: tenantId,
    name,
    preferred_username: 'someone@example.com',
  })
  return {
    jwks: { keys: [await signingKey()] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        token_endpoint_auth_method: 'client_secret_post',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        redirect_uris: [`${publicUrl}/-/login/callback`],
        post_logout_redirect_uris: [`${publicUrl}/-/logged-out`],
      },
    ],
    routes,
    features,
    scopes: ['openid', 'offline_access', 'profile'],
    claims: { openid: ['sub', 'oid', 'tid'], profile: ['name', 'preferred_username'] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: async () => true,
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    findAccount: async (_context, id) => ({
      accountId: id,
      claims: async () => ({ sub: id, ...names(fake.who), ...fake.tricks.idClaims }),
    }),
    loadExistingGrant: async ({ oidc }) => {
      const grant = new oidc.provider.Grant({ accountId: oidc.session?.accountId ?? '', clientId })
      grant.addOIDCScope('openid profile offline_access')
      grant.addResourceScope(audience, scope)
      await grant.save()
      return grant
    },
    formats: {
      customizers: {
        jwt(_context, _token, token) {
          const { iss, iat, exp } = token.payload
          const { objectId, roles } = fake.who
          token.header = { typ: 'JWT' }
          const who = {
            oid: objectId,
            sub: `pairwise-${objectId}`,
            tid: tenantId,
            azp: clientId,
            scp: 'access',
            roles: [...roles],
          }
          token.payload = { aud: audience, iss, iat, nbf: iat, exp, ...who, ver: '2.0', ...fake.tricks.accessClaims }
        },
      },
    },
  }
}

async function serve(fake: EntraLogin, provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { url = '' } = request
  if (url.startsWith('/interaction/')) {
    return provider.interactionFinished(request, response, { login: { accountId: fake.who.objectId } })
  }
  const prefix = [`/${tenantId}/v2.0`, `/${tenantId}`].find((each) => url.startsWith(`${each}/`))
  if (prefix === undefined) return void response.writeHead(404).end()
  if (url.endsWith('/token') && fake.tricks.down === true) return void request.socket.destroy()
  Object.assign(request, { originalUrl: url, url: url.slice(prefix.length) })
  provider.callback()(request, response)
}

/** Starts the stand-in on a free port of this machine, for a proxy at `publicUrl`. */
export async function startEntraLogin(publicUrl: string, who: Person): Promise<EntraLogin> {
  let handle: RequestListener = (_request, response) => void response.writeHead(503).end()
  const server = createServer((request, response) => handle(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the issuer has no port')
  const authority = `http://127.0.0.1:${address.port}`
  const registration = { publicUrl, clientId: randomUUID(), clientSecret: randomBytes(24).toString('base64url') }
  const grants: string[] = []
  const close = async () => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  const { clientId, clientSecret } = registration
  const fake: EntraLogin = { authority, clientId, clientSecret, who, tricks: {}, grants, close }
  const provider = new Provider(`${authority}/${tenantId}/v2.0`, await configure(fake, registration))
  provider.on('grant.success', ({ oidc }) => void grants.push(String(oidc.params?.grant_type)))
  provider.on('grant.error', ({ oidc }) => void grants.push(`refused ${String(oidc.params?.grant_type)}`))
  handle = (request, response) => void serve(fake, provider, request, response)
  return fake
}
