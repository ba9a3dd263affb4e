import { randomBytes, randomUUID } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { JWK } from 'jose'
import Provider, { type Configuration } from 'oidc-provider'
import { type Application, databricksScope, type Entra, entraClaims, registerApplication, registeredClient } from './entra.ts'
import { backChannel, telling } from './entra-logout.ts'
import { leavingPage, whoAreYouPage } from './entra-pages.ts'
import { audience, tenantId } from './issuer.ts'
import { keptInMemory } from './kept-in-memory.ts'
import { listenLocally, makeSigner, makeSigningKey, type Signer } from './signer.ts'

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
interface Tricks {
  /** Claims of access tokens and of ID tokens, besides the honest ones. */
  accessClaims?: Record<string, unknown>
  idClaims?: Record<string, unknown>
  /** Answers no request of the token endpoint. */
  down?: boolean
  /** Answers every request of the token endpoint with this status, and a page. */
  busy?: number | undefined
}

/** What the token endpoint answered. */
interface Given {
  readonly access_token?: string
  readonly id_token?: string
  readonly refresh_token?: string
}

/** Entra ID as the login uses it: the certified library oidc-provider, with Entra's addresses and claims. */
export interface EntraLogin extends Entra {
  readonly clientId: string
  readonly clientSecret: string
  readonly people: readonly Person[]
  /** Who comes; null: one of the people, as they say. */
  who: Person | null
  readonly tricks: Tricks
  /** The grant types that the token endpoint was asked for. */
  readonly grants: string[]
  /** Every token that it has given. */
  readonly given: Given[]
  /** Says whatever a test wants to have said, with its key; honest tokens are about logouts. */
  readonly signer: Signer
  /** The logout tokens that were sent, and where the proxy really is that they are sent to; null: at its public URL. */
  readonly told: string[]
  proxyAt: string | null
}

/** What is registered in the tenant. */
export interface Registrations {
  /** Where people log in to the proxy. */
  readonly publicUrl: string
  readonly people: readonly Person[]
  /** Another place to come back to after a login. */
  readonly callback?: string
  /** Programs that get tokens by their secrets; left out: none. */
  readonly applications?: readonly Application[]
}

const scope = `${audience}/.default`
/** Seconds that a token is good for. */
const lifetime = 3600
const routes = {
  authorization: '/oauth2/v2.0/authorize',
  token: '/oauth2/v2.0/token',
  jwks: '/discovery/v2.0/keys',
  end_session: '/oauth2/v2.0/logout',
}

const features: Configuration['features'] = {
  devInteractions: { enabled: false },
  clientCredentials: { enabled: true },
  backchannelLogout: { enabled: true },
  // Who wants to log out does so at once, as at Entra.
  rpInitiatedLogout: {
    enabled: true,
    logoutSource: (context, form) => {
      context.body = leavingPage(form)
    },
  },
  resourceIndicators: {
    enabled: true,
    defaultResource: () => audience,
    useGrantedResource: () => true,
    getResourceServerInfo: () => ({
      scope: `${scope} ${databricksScope}`,
      audience,
      accessTokenTTL: lifetime,
      accessTokenFormat: 'jwt',
      jwt: { sign: { alg: 'RS256' } },
    }),
  },
}

/** Seconds. */
const lifetimes = Object.fromEntries(
  ['AccessToken', 'AuthorizationCode', 'ClientCredentials', 'Grant', 'IdToken', 'Interaction', 'RefreshToken', 'Session'].map(
    (kind) => [kind, lifetime],
  ),
)

function personOf({ who, people }: EntraLogin, objectId: string | undefined): Person {
  const found = who ?? people.find((each) => each.objectId === objectId)
  if (found === undefined) throw new Error('a login of nobody who is known')
  return found
}

function configure(fake: EntraLogin, key: JWK, { publicUrl, callback, applications = [] }: Registrations): Configuration {
  const { clientId, clientSecret } = fake
  const names = ({ objectId, name }: Person) => ({
    oid: objectId,
    tid: tenantId,
    name,
    preferred_username: 'someone@example.com',
  })
  return {
    adapter: keptInMemory,
    ttl: lifetimes,
    jwks: { keys: [key] },
    fetch: telling(fake),
    cookies: { keys: [randomBytes(16).toString('hex')] },
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        token_endpoint_auth_method: 'client_secret_post',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        redirect_uris: [callback ?? `${publicUrl}/-/login/callback`],
        post_logout_redirect_uris: [`${publicUrl}/-/logged-out`],
        ...(callback === undefined ? backChannel(publicUrl) : {}),
      },
      ...applications.map(registeredClient),
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
      claims: async () => ({ sub: id, ...names(personOf(fake, id)), ...fake.tricks.idClaims }),
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
        jwt(_context, issued, token) {
          token.header = { typ: 'JWT' }
          const application = applications.find((known) => known.clientId === issued.clientId)
          if (application !== undefined) {
            token.payload = entraClaims(application, token.payload)
            return
          }
          const { iss, iat, exp } = token.payload
          const { objectId, roles } = personOf(fake, 'accountId' in issued ? String(issued.accountId) : undefined)
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
    const accountId = fake.who?.objectId ?? new URL(url, fake.authority).searchParams.get('as')
    if (accountId === null) return void response.setHeader('content-type', 'text/html').end(whoAreYouPage(fake.people))
    return provider.interactionFinished(request, response, { login: { accountId } })
  }
  const prefix = [`/${tenantId}/v2.0`, `/${tenantId}`].find((each) => url.startsWith(`${each}/`))
  if (prefix === undefined) return void response.writeHead(404).end()
  if (url.endsWith('/token') && fake.tricks.down === true) return void request.socket.destroy()
  if (url.endsWith('/token') && fake.tricks.busy !== undefined)
    return void response.writeHead(fake.tricks.busy, { 'retry-after': '30' }).end('<h1>Busy</h1>')
  Object.assign(request, { originalUrl: url, url: url.slice(prefix.length) })
  provider.callback()(request, response)
}

/** Starts the stand-in on a free port of this machine. */
export async function startEntraLogin(registrations: Registrations): Promise<EntraLogin> {
  let handle: RequestListener = (_request, response) => void response.writeHead(503).end()
  const { address: authority, close } = await listenLocally(() => (request, response) => handle(request, response))
  const grants: string[] = []
  const { clientId, clientSecret } = registerApplication()
  const tokenUrl = `${authority}/${tenantId}${routes.token}`
  const issuer = `${authority}/${tenantId}/v2.0`
  const key = await makeSigningKey('RS256', randomBytes(20).toString('base64url'))
  const signer = makeSigner(issuer, 'RS256', key, { aud: clientId, nbf: undefined })
  const own = {
    clientId,
    clientSecret,
    people: registrations.people,
    who: null,
    tricks: {},
    grants,
    given: [],
    signer,
    told: [],
    proxyAt: null,
  }
  const fake: EntraLogin = { authority, tenantId, audience, tokenUrl, close, ...own }
  const provider = new Provider(issuer, configure(fake, key.privateJwk, registrations))
  provider.on('grant.success', ({ oidc, body }) => {
    grants.push(String(oidc.params?.grant_type))
    fake.given.push(Object(body))
  })
  provider.on('grant.error', ({ oidc }) => void grants.push(`refused ${String(oidc.params?.grant_type)}`))
  handle = (request, response) => void serve(fake, provider, request, response)
  return fake
}
