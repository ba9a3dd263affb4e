import type { IncomingHttpHeaders } from 'node:http'
import { createRemoteJWKSet, decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose'
import { DatabricksError, HtmlRefusal } from './answer.ts'
import type { Directory, Member, NewMember } from './directory.ts'

/** Audience of every Entra token that Azure Databricks takes (fact 58). */
export const databricksAudience = '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d'

/** Where the tokens come from: Entra, or what stands in for it. */
export interface TokenIssuer {
  readonly authority: string
  readonly tenantId: string
}

const stsIssuer = (tenantId: string) => `https://sts.windows.net/${tenantId}/`

/** What makes an issuer's claims those of a v1.0 token for Azure Databricks (fact 59); `undefined` takes a claim away. */
export function databricksClaims({ objectId, kind = 'servicePrincipal', name }: NewMember, tenantId: string) {
  const same = { aud: databricksAudience, iss: stsIssuer(tenantId), tid: tenantId, ver: '1.0', oid: objectId }
  const absent = { azp: undefined, idtyp: undefined, roles: undefined, groups: undefined }
  if (kind === 'servicePrincipal') return { ...same, ...absent, sub: objectId, appid: name ?? objectId, appidacr: '1' }
  const person = { upn: name, unique_name: name, name, scp: 'user_impersonation', sub: `pairwise-${objectId}` }
  return { ...same, ...absent, ...person, appid: '04b07795-8ddb-461a-bbee-02f9e1bf7b46', appidacr: '0' }
}

const invalidToken = () => new DatabricksError(403, '403', 'Invalid access token.')

function checkClaims(claims: JWTPayload, tenantId: string): string {
  const { aud, iss, tid, ver, oid } = claims
  // Wrong audience: a page and 400, as people report it [github.com/MicrosoftDocs/azure-docs issues 83517 and 85703].
  if (aud !== databricksAudience) {
    const problem = `Expected aud claim to be: ${databricksAudience}, but was: ${String(aud)}.`
    throw new HtmlRefusal(400, `io.jsonwebtoken.IncorrectClaimException: ${problem}`)
  }
  // v1.0 tokens of this tenant alone (fact 59).
  if (iss !== stsIssuer(tenantId) || tid !== tenantId || ver !== '1.0' || typeof oid !== 'string') throw invalidToken()
  return oid
}

/** Whose name stands in a token that the workspace issued itself (fact 60); null if it is another issuer's. */
function ownMember({ iss, sub }: JWTPayload, { host }: IncomingHttpHeaders, directory: Directory): Member | null {
  if (iss !== `http://${host}/oidc`) return null
  const member = directory.members().find(({ name }) => name === sub)
  if (member === undefined) throw invalidToken()
  return member
}

/**
 * Says whose token a request bears. Throws 401 without a token, 400 for another audience, 403 for a token that is not
 * good, and for an identity that is not in the workspace. `personal`: object ids of members by their personal access tokens.
 */
export function makeAuthenticator(
  { authority, tenantId }: TokenIssuer,
  directory: Directory,
  personal: ReadonlyMap<string, string>,
) {
  const keys = createRemoteJWKSet(new URL(`${authority}/${tenantId}/discovery/v2.0/keys`), { cooldownDuration: 0 })
  return async (headers: IncomingHttpHeaders): Promise<Member> => {
    const token = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]
    if (token === undefined) {
      throw new DatabricksError(401, '401', 'Credential was not sent or was of an unsupported type for this API.')
    }
    const holder = directory.find(personal.get(token) ?? '')
    if (holder !== null) return holder
    let claims: JWTPayload
    let own: Member | null
    try {
      own = ownMember(decodeJwt(token), headers, directory)
      if (own === null) checkClaims(decodeJwt(token), tenantId)
      claims = (await jwtVerify(token, keys, { algorithms: ['RS256'], requiredClaims: ['exp'] })).payload
    } catch (error) {
      if (error instanceof errors.JOSEError) throw invalidToken()
      throw error
    }
    if (own !== null) return own
    const member = directory.find(checkClaims(claims, tenantId))
    // Known to Entra, but nobody here [github.com/gbrueckl/Databricks.API.PowerShell issue 20].
    if (member === null) throw new HtmlRefusal(403, 'User not authorized.')
    return member
  }
}
