import { X509Certificate } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose'
import { type TestIssuer, tenantId } from './issuer.ts'
import { databricksAudience, databricksClaims } from './workspace/authenticate.ts'

/** What the issuer knows of an application, a principal of the workspace, or the machine. */
export interface Registration {
  readonly clientId: string
  /** Of its service principal, in tokens for a workspace. */
  readonly objectId?: string
  readonly secret?: string
  /** PEM. */
  readonly certificate?: string
  /** Whose token vouches for it: an issuer with its keys, the subject, and the audience that the token must have. */
  readonly federated?: { readonly issuer: TestIssuer; readonly subject: string; readonly audience: string }
  /** App roles in its own tokens. */
  readonly roles?: readonly string[]
}

/** How the endpoints of an issuer answer, and what they were asked. */
export interface TokenEndpoints {
  readonly tokenUrl: string
  /** Every form that was sent, and every query of a machine's endpoint. */
  readonly asked: Record<string, string>[]
  /** Seconds that tokens are good for. */
  lifetime: number
  /** Answers every request, where it is not null. */
  fault: ((response: ServerResponse) => void) | null
  /** What answers, for a workspace to have an issuer of its own. */
  readonly listener: RequestListener
  /** Users for whom nobody consented, and who must sign in again. */
  readonly unwilling: { consent: boolean; interaction: boolean }
}

/** The audience of tokens that vouch for an application at Entra. */
export const exchangeAudience = 'api://AzureADTokenExchange'
export const machineSecret = 'machine-secret'

type Form = Readonly<Record<string, string>>
type Answer = readonly [status: number, body: object]

class Refused extends Error {
  readonly error: string
  readonly number: number
  constructor(error: string, number: number) {
    super(`AADSTS${number}: do not repeat this sentence, it may name hunter2`)
    this.error = error
    this.number = number
  }
}

const keysOf = (issuer: TestIssuer) => {
  const set: JSONWebKeySet = JSON.parse(JSON.stringify(issuer.keySet()))
  return createLocalJWKSet(set)
}

async function verifyBy(issuer: TestIssuer, token: string, audience: string): Promise<JWTPayload> {
  return (await jwtVerify(token, keysOf(issuer), { audience, algorithms: ['RS256'] })).payload
}

const seen = new Set<string>()

/** A signed assertion: the form that Microsoft documents, and never twice. */
async function checkCertificate(assertion: string, { clientId, certificate = '' }: Registration, tokenUrl: string) {
  const x509 = new X509Certificate(certificate)
  const header = decodeProtectedHeader(assertion)
  const thumbprint = Buffer.from(x509.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url')
  const options = { audience: tokenUrl, issuer: clientId, subject: clientId, algorithms: ['PS256'] }
  const { payload } = await jwtVerify(assertion, x509.publicKey, options)
  const { jti = '' } = payload
  if (header['x5t#S256'] !== thumbprint || header.typ !== 'JWT' || seen.has(jti)) throw new Refused('invalid_client', 700027)
  seen.add(jti)
}

async function checkClient(form: Form, known: Registration, tokenUrl: string): Promise<void> {
  const { client_secret: secret, client_assertion: assertion, client_assertion_type: type } = form
  if (secret !== undefined) {
    if (secret !== known.secret) throw new Refused('invalid_client', 7000215)
    return
  }
  if (assertion === undefined || type !== 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
    throw new Refused('invalid_client', 7000218)
  if (decodeJwt(assertion).iss === known.clientId) return checkCertificate(assertion, known, tokenUrl)
  await checkFederated(assertion, known, exchangeAudience)
}

async function checkFederated(token: string, { federated }: Registration, audience = federated?.audience ?? ''): Promise<void> {
  if (federated === undefined) throw new Refused('invalid_client', 700213)
  const claims = await verifyBy(federated.issuer, token, audience).catch(() => null)
  if (claims?.sub !== federated.subject) throw new Refused('invalid_client', 700213)
}

/** What a workspace calls a user. */
const nameOf = (user: JWTPayload | null) => String(user?.preferred_username ?? user?.oid)

/** An application's token, or a user's for which theirs was exchanged. `of`: the resource. */
function claimsFor(
  { clientId, objectId = clientId, roles = [] }: Registration,
  of: string,
  user: JWTPayload | null,
): Record<string, unknown> {
  if (of === databricksAudience && user === null) return databricksClaims({ objectId, name: clientId }, tenantId)
  if (of === databricksAudience)
    return databricksClaims({ objectId: String(user?.oid), kind: 'user', name: nameOf(user) }, tenantId)
  if (user === null) return { aud: of, azp: clientId, appid: clientId, roles }
  const { oid, sub } = user
  return { aud: of, oid, sub, scp: 'user_impersonation', idtyp: undefined, azp: clientId, appid: clientId, roles: undefined }
}

/** The tenant's token endpoint, version 2.0, and that of a workspace of the same origin, and what a machine's metadata service says. */
export function serveTokens(issuer: TestIssuer, registrations: readonly Registration[]): TokenEndpoints {
  const tokenUrl = `${issuer.authority}/${tenantId}/oauth2/v2.0/token`
  const state: TokenEndpoints = {
    tokenUrl,
    asked: [],
    lifetime: 3600,
    fault: null,
    listener,
    unwilling: { consent: false, interaction: false },
  }
  const find = (id: string | undefined) => {
    const known = registrations.find(({ clientId }) => clientId === id)
    if (known === undefined) throw new Refused('unauthorized_client', 700016)
    return known
  }
  const mint = async (claims: Record<string, unknown>): Promise<Answer> => {
    const exp = Math.floor(Date.now() / 1000) + state.lifetime
    const token = await issuer.token({ ...claims, jti: String(state.asked.length), exp })
    return [200, { token_type: 'Bearer', expires_in: state.lifetime, ext_expires_in: state.lifetime, access_token: token }]
  }

  async function entra(form: Form): Promise<Answer> {
    const known = find(form.client_id)
    await checkClient(form, known, tokenUrl)
    const resource = form.scope?.replace(/\/\.default$/, '') ?? ''
    if (form.grant_type === 'client_credentials') return mint(claimsFor(known, resource, null))
    if (form.grant_type !== 'urn:ietf:params:oauth:grant-type:jwt-bearer' || form.requested_token_use !== 'on_behalf_of')
      throw new Refused('unsupported_grant_type', 70003)
    const user = await verifyBy(issuer, form.assertion ?? '', issuer.audience).catch(() => null)
    if (user === null || typeof user.scp !== 'string') throw new Refused('invalid_grant', 500131)
    if (state.unwilling.consent) throw new Refused('invalid_grant', 65001)
    if (state.unwilling.interaction) throw new Refused('interaction_required', 50076)
    return mint(claimsFor(known, resource, user))
  }

  async function databricks(form: Form, { authorization, host }: IncomingMessage['headers']): Promise<Answer> {
    const own = { iss: `http://${host}/oidc`, aud: 'databricks' }
    if (form.grant_type === 'client_credentials') {
      const [id = '', secret] = Buffer.from(authorization?.split(' ')[1] ?? '', 'base64')
        .toString()
        .split(':')
      if (find(id).secret !== secret || form.scope !== 'all-apis') return [401, { error: 'invalid_client' }]
      return mint({ ...own, sub: id })
    }
    if (form.subject_token_type !== 'urn:ietf:params:oauth:token-type:jwt') return [400, { error: 'invalid_request' }]
    const subject = form.subject_token ?? ''
    if (form.client_id !== undefined) {
      await checkFederated(subject, find(form.client_id))
      return mint({ ...own, sub: form.client_id })
    }
    const user = await verifyBy(issuer, subject, issuer.audience).catch(() => null)
    return user === null ? [400, { error: 'invalid_grant' }] : mint({ ...own, sub: nameOf(user) })
  }

  async function machine({ headers }: IncomingMessage, query: Form, own: boolean): Promise<Answer> {
    const isTrue = own ? headers['x-identity-header'] === machineSecret : headers.metadata === 'true'
    if (!isTrue || headers['x-forwarded-for'] !== undefined) return [400, { error: 'invalid_request', error_description: 'no' }]
    const known = query.client_id === undefined ? registrations[0] : find(query.client_id)
    if (known === undefined) return [400, { error: 'invalid_request', error_description: 'Identity not found' }]
    const [status, body] = await mint(claimsFor(known, query.resource ?? '', null))
    const end = String(Math.floor(Date.now() / 1000) + state.lifetime)
    return [status, { ...body, expires_in: own ? undefined : String(state.lifetime), expires_on: end }]
  }

  async function answer(request: IncomingMessage): Promise<Answer> {
    const { pathname, searchParams } = new URL(request.url ?? '', issuer.authority)
    const form = Object.fromEntries(request.method === 'GET' ? searchParams : new URLSearchParams(await text(request)))
    state.asked.push(form)
    if (pathname === `/${tenantId}/oauth2/v2.0/token`) return entra(form)
    if (pathname === '/oidc/v1/token') return databricks(form, request.headers)
    if (pathname === '/metadata/identity/oauth2/token') return machine(request, form, false)
    return pathname === '/msi/token' ? machine(request, form, true) : [404, {}]
  }

  async function listener(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const said = await answer(request).catch((error: unknown): Answer => {
      if (!(error instanceof Refused)) return [500, { message: String(error) }]
      return [
        error.error === 'invalid_client' ? 401 : 400,
        { error: error.error, error_description: error.message, error_codes: [error.number] },
      ]
    })
    if (state.fault !== null) return state.fault(response)
    const [status, body] = said
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'www-authenticate': 'Bearer realm=""' })
    response.end(JSON.stringify(body))
  }

  issuer.serve(listener)
  return state
}
